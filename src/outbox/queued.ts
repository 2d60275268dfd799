import { type Document, type Level, levels } from '../alerts/alert.ts'
import { isoTime } from '../decode/clock.ts'
import { entryHead, field } from './entry.ts'

/** An alert on its way to the sinks. */
export interface Alert {
  /** Its place in the queue; grows. */
  readonly sequence: number
  /** `event.id` of the document: the same however often it is sent. */
  readonly id: string
  /** The ECS document in one line. */
  readonly json: string
  readonly document: Document
  readonly level: Level
  /** The conversation, else the host, else the sensor: alerts with the same key keep their order. */
  readonly key: string
  /** When it was on the disk, ms since the Unix epoch; 0 when unknown. */
  readonly acceptedAt: number
  /** It comes out of the dead letters. */
  readonly replayed: boolean
  /** The only sink that it is for; undefined for all. */
  readonly only?: string | undefined
}

/** The alert in an entry of the queue; undefined when the entry is damaged. */
export function queuedAlert(sequence: number, entry: Buffer | undefined): Alert | undefined {
  if (entry === undefined) return undefined
  try {
    const head = entryHead(entry)
    const stored = JSON.parse(entry.toString('utf8', head.length)) as Document
    const document = delivered(stored, sequence, head)
    let json: string | undefined
    return {
      sequence,
      id: field(document, 'event', 'id') ?? '',
      get json() {
        json ??= JSON.stringify(document)
        return json
      },
      document,
      level: levels[head.level] ?? 'high',
      key: partitionKey(document),
      acceptedAt: head.acceptedAt,
      replayed: head.replayed,
      only: head.only,
    }
  } catch {
    return undefined
  }
}

/** The document with what only the queue knows: its number, and when it was taken in. */
function delivered(
  stored: Document,
  sequence: number,
  { acceptedAt, replayed }: { acceptedAt: number; replayed: boolean },
): Document {
  const ingested = acceptedAt > 0 ? { ingested: isoTime(acceptedAt * 1000) } : {}
  const event = { ...(stored['event'] as Document | undefined), sequence, ...ingested }
  if (!replayed) return { ...stored, event }
  return { ...stored, event, labels: { ...(stored['labels'] as Document), replayed: 'true' } }
}

function partitionKey(document: Document): string {
  return (
    field(document, 'network', 'community_id') ??
    field(document, 'host', 'id') ??
    field(document, 'observer', 'name') ??
    ''
  )
}
