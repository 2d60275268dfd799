import { SensorError } from '../errors.ts'
import { type AttachMode, type Attachment, attach } from './attach.ts'
import { type Direction } from './attach-error.ts'
import { type Interface } from './interfaces.ts'
import { missingNames, selectInterfaces } from './select.ts'
import { type Network } from './watch.ts'

/** What happens to interfaces while the sensor runs. */
export interface AttachmentEvents {
  attached?(one: Interface, mode: 'tcx' | 'clsact'): void
  detached?(one: Interface): void
  /** Attaching failed; it is tried again when something changes. */
  failed?(one: Interface, error: SensorError): void
}

export interface AttachmentOptions {
  /** Names, globs, `auto`, `all`. */
  readonly wanted: readonly string[]
  readonly mode: AttachMode
  /** File descriptor of the program for a link and a direction. */
  program(link: 'l2' | 'l3', direction: Direction): number
}

export interface Attachments {
  /** The interfaces that are watched now. */
  readonly interfaces: readonly Interface[]
  /** Attaches to what is wanted and new, lets go of what is gone. */
  follow(network: Network): void
  detachAll(): void
}

interface Held {
  readonly one: Interface
  readonly parts: readonly Attachment[]
}

/** Keeps the programs on the wanted interfaces, whatever comes and goes. */
export function attachments(options: AttachmentOptions, events: AttachmentEvents): Attachments {
  const held = new Map<number, Held>()

  function hold(one: Interface): void {
    try {
      const parts = attachBoth(one, options)
      held.set(one.index, { one, parts })
      events.attached?.(one, parts[0]?.mode ?? 'tcx')
    } catch (error) {
      if (!(error instanceof SensorError)) throw error
      events.failed?.(one, error)
    }
  }

  function release({ one, parts }: Held): void {
    held.delete(one.index)
    for (const part of parts) part.detach()
    events.detached?.(one)
  }

  return {
    get interfaces() {
      return [...held.values()].map(({ one }) => one)
    },
    follow({ interfaces, routes }) {
      const wanted = new Map(
        selectInterfaces(options.wanted, interfaces, routes).map(one => [one.index, one]),
      )
      for (const entry of held.values()) {
        if (!stays(entry.one, wanted, interfaces, options.wanted)) release(entry)
      }
      for (const one of wanted.values()) {
        const entry = held.get(one.index)
        if (entry === undefined) hold(one)
        else held.set(one.index, { ...entry, one })
      }
    },
    detachAll() {
      for (const entry of held.values()) release(entry)
    },
  }
}

/** A lost default route is no reason to go blind: with `auto` an interface stays while it exists. */
function stays(
  one: Interface,
  wanted: ReadonlyMap<number, Interface>,
  interfaces: readonly Interface[],
  words: readonly string[],
): boolean {
  if (wanted.has(one.index)) return true
  if (!words.includes('auto')) return false
  return interfaces.some(({ index, name }) => index === one.index && name === one.name)
}

function attachBoth(one: Interface, options: AttachmentOptions): Attachment[] {
  const link = one.link === 'l3' ? 'l3' : 'l2'
  const parts: Attachment[] = []
  try {
    for (const direction of ['ingress', 'egress'] as const) {
      parts.push(attach(one, direction, options.program(link, direction), options.mode))
    }
    return parts
  } catch (error) {
    for (const part of parts) part.detach()
    throw error
  }
}

/** NO_INTERFACE when nothing of what is wanted exists now and no glob waits for it to come. */
export function refuseNothing(wanted: readonly string[], { interfaces, routes }: Network): void {
  if (selectInterfaces(wanted, interfaces, routes).length > 0) return
  const missing = missingNames(wanted, interfaces)
  if (missing.length < wanted.length && !wanted.every(word => word === 'auto')) return
  const names = interfaces.map(({ name }) => `\`${name}\``).join(', ')
  const reason =
    missing.length > 0
      ? `cannot attach to ${missing.map(name => `\`${name}\``).join(', ')}: no such interface`
      : 'no interface is up'
  throw new SensorError('NO_INTERFACE', `${reason}; \`ip link\` lists yours, here ${names}`)
}
