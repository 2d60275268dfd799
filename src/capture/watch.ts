import koffi from 'koffi'
import { type Interface, listInterfaces } from './interfaces.ts'
import { type NetlinkMessage, openNetlink } from './netlink.ts'
import { type DefaultRoute, defaultRoutes } from './routes.ts'

export interface Network {
  readonly interfaces: readonly Interface[]
  readonly routes: readonly DefaultRoute[]
}

// RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE
const GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
const RTM_NEWROUTE = 24
const RTM_DELROUTE = 25
const SETTLE_MS = 50

/** The interfaces and default routes of now. */
export function networkNow(): Network {
  return { interfaces: listInterfaces(), routes: defaultRoutes() }
}

/**
 * Calls `changed` when an interface, an address or a default route has come, gone or changed, at
 * most every 50 ms. The kernel tells by netlink: nothing is polled.
 */
export function watchNetwork(
  changed: (network: Network) => void,
  failed: (error: unknown) => void,
): { close(): void } {
  const notices = openNetlink(GROUPS)
  const asking = openNetlink()
  let timer: NodeJS.Timeout | undefined

  function tell(): void {
    timer = undefined
    guarded(() => changed({ interfaces: listInterfaces(asking), routes: defaultRoutes() }))
  }

  function guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      failed(error)
    }
  }

  const poll = koffi.node.poll(notices.fd, { readable: true }, () => {
    guarded(() => {
      const messages = notices.notifications()
      // Some were lost: anything may have changed.
      if (messages?.some(matters) !== false) timer ??= setTimeout(tell, SETTLE_MS)
    })
  })
  return {
    close() {
      clearTimeout(timer)
      poll.stop()
      poll.close()
      notices.close()
      asking.close()
    },
  }
}

/** Of routes only the default ones (u8 family, u8 prefix length): a router has a million others. */
function matters({ type, body }: NetlinkMessage): boolean {
  if (type !== RTM_NEWROUTE && type !== RTM_DELROUTE) return true
  return body.byteLength >= 2 && body.getUint8(1) === 0
}
