import { type Annotation } from '../enrich/annotation.ts'
import { type DeviceQuery, deviceViews, viewOf } from '../enrich/device-view.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Arguments, type ControlHandlers } from '../operate/control.ts'

/** Of a text, and of a list of them. */
const longest = 255

/** What there is to be asked of the inventory, and written to it. */
export function deviceHandlers(devices: Devices): ControlHandlers {
  return {
    devices: args => deviceViews(devices, queryOf(args)),
    'devices annotate': args => [
      viewOf(devices.annotate(text(args['device']), annotationOf(args))),
    ],
  }
}

function queryOf({ words, tag, role }: Arguments): DeviceQuery {
  return {
    words: texts(words),
    ...(tag !== undefined && { tag: text(tag) }),
    ...(role !== undefined && { role: text(role) }),
  }
}

function annotationOf({ tags, untag, note }: Arguments): Annotation {
  return {
    tags: texts(tags),
    untag: texts(untag),
    ...(note !== undefined && { note: text(note) }),
  }
}

/** What came over the socket is whatever somebody has sent. */
function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, longest) : ''
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, longest).map(text) : []
}
