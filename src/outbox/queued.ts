import { type Document } from '../alerts/alert.ts'
import { keySequence } from '../storage/entry.ts'
import { type Entry } from '../storage/store.ts'

/** An alert on its way to the sinks. */
export interface Alert {
  /** Its place in the queue; grows, with gaps. */
  readonly sequence: number
  /** `event.id` of the document: the same however often it is sent. */
  readonly id: string
  /** The ECS document in one line, as it is stored. */
  readonly json: string
  readonly document: Document
}

/** The alert in an entry of the queue; undefined when the entry is damaged. */
export function queuedAlert({ key, value }: Entry): Alert | undefined {
  if (value === undefined) return undefined
  try {
    const json = value.toString()
    const document = JSON.parse(json) as Document
    const event = document['event'] as { readonly id?: unknown } | undefined
    return { sequence: keySequence(key), id: String(event?.id ?? ''), json, document }
  } catch {
    return undefined
  }
}
