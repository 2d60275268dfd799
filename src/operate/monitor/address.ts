import { BlockList, isIP } from 'node:net'
import { type Complaint } from '../../config/fault.ts'
import { Secret } from '../../config/secret.ts'
import { type Static } from '../../config/type.ts'
import { SensorError } from '../../errors.ts'
import { type monitorOptions } from './options.ts'

type MonitorOptions = Static<typeof monitorOptions>

/** Where the monitor listens, and what it wants to be shown. */
export interface MonitorPlace {
  readonly host: string
  readonly port: number
  readonly token: Secret | undefined
}

const shortestToken = 16
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** What is wrong with the section; the value of the token itself is looked at by `monitorPlace`. */
export function monitorComplaints({ listen, token }: MonitorOptions): Complaint[] {
  if (listen === '') return []
  const place = parse(listen)
  const why =
    place === undefined
      ? `must be an address and a port such as 127.0.0.1:9477 or [::1]:9477, found \`${listen.slice(0, 60)}\``
      : token === '' && !isLoopback(place.host)
        ? `lets others than this machine read; set \`monitor.token\` too, or listen on 127.0.0.1:${place.port}`
        : undefined
  if (why === undefined) return []
  return [{ path: ['monitor', 'listen'], part: 'value', message: `\`monitor.listen\` ${why}` }]
}

/** `undefined` when nothing is to be listened on. Throws CONFIG_INVALID: a token that is none. */
export function monitorPlace({ listen, token }: MonitorOptions): MonitorPlace | undefined {
  const place = listen === '' ? undefined : parse(listen)
  if (place === undefined) return undefined
  if (token === '') return { ...place, token: undefined }
  const secret = new Secret(token)
  if (secret.reveal().length >= shortestToken) return { ...place, token: secret }
  throw new SensorError(
    'CONFIG_INVALID',
    `\`monitor.token\` must have at least ${shortestToken} characters; \`openssl rand -hex 32\` makes one`,
  )
}

/** Whether a host as in a URL or a `Host` header can only be this machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  const version = isIP(bare)
  if (version === 0) return bare.toLowerCase() === 'localhost'
  return loopback.check(bare, version === 4 ? 'ipv4' : 'ipv6')
}

/** As it stands in a URL. */
export function placeText({ host, port }: Pick<MonitorPlace, 'host' | 'port'>): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** Names are not looked up: who could answer for one would choose the interface. */
function parse(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host = '', digits = ''] =
    /^(\[[\d.:a-f]+\]|[\d.]+|localhost):(\d{1,5})$/i.exec(text) ?? []
  const bare = host.replace(/^\[|\]$/g, '')
  const port = Number(digits)
  if (digits === '' || port > 65_535) return undefined
  return isIP(bare) !== 0 || bare.toLowerCase() === 'localhost' ? { host: bare, port } : undefined
}
