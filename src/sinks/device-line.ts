import { type DeviceAction, type DeviceEvent } from '../enrich/device-event.ts'
import { printable } from './terminal-text.ts'

const labels: Readonly<Record<DeviceAction, string>> = {
  'device-new': 'NEW',
  'device-new-address': 'ADDR',
  'device-address-changed': 'MOVED',
  'device-flip-flop': 'FLIP',
  'device-ethernet-mismatch': 'ODD',
  'device-bogon': 'BOGON',
  'device-returned': 'BACK',
  'device-renamed': 'NAME',
  'device-silent': 'SILENT',
}

/** What the inventory has to say, in a few words that are safe for a terminal. */
export function deviceLine(event: DeviceEvent): { readonly label: string; readonly text: string } {
  return { label: labels[event.action], text: textOf(event) }
}

function textOf(event: DeviceEvent): string {
  const { action, sourceMac, sourceIp, names } = event
  const [name] = names
  const called = name === undefined ? '' : ` ${printable(name, 40)}`
  const card = `${sourceMac} (${maker(event)})${called}`
  switch (action) {
    case 'device-new':
      return `${sourceIp ?? 'no address yet'} is ${card}`
    case 'device-new-address':
      return event.change === 'mac' ? knownText(event, card) : `${sourceIp ?? ''} is also ${card}`
    case 'device-address-changed':
    case 'device-flip-flop':
      return `${sourceIp ?? ''} is now ${card}, was ${event.previous?.mac ?? 'another'}`
    case 'device-ethernet-mismatch':
      return `${card} is named by a frame of ${event.ethernetSource ?? 'another'}`
    case 'device-bogon':
      return `${sourceIp ?? ''} is none of the link, used by ${card}`
    case 'device-returned':
      return `${card} is back`
    case 'device-renamed':
      return `${card}, until now ${printable(event.previousName ?? '', 40)}`
    case 'device-silent':
      return `${card} has fallen silent`
  }
}

function knownText({ sourceIp, identity }: DeviceEvent, card: string): string {
  const before = identity?.macs.at(-1)
  return `${sourceIp ?? 'no address yet'} is ${card}, known${before === undefined ? '' : ` as ${before}`}`
}

function maker({ self, vendor, randomised }: DeviceEvent): string {
  if (self) return 'this sensor'
  return printable(vendor ?? (randomised ? 'randomised MAC' : 'unknown vendor'))
}
