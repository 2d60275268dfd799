import { nearestMinute } from '../decode/clock.ts'
import { type BaselineFinding } from './baseline/rule.ts'
import { type CorrelationFinding } from './correlate/correlation.ts'
import { keyText, type Subject } from './correlate/subject.ts'
import { type Kind } from './mapping/kind.ts'

/** What an alert's id is made of. */
export type Words = readonly (string | number)[]

/** An event that matched a rule, and what the rule knows besides. */
interface Match {
  readonly subject: Subject
  readonly kind: Kind
  /** µs of event time. */
  readonly time: number
}
interface Facts {
  readonly baseline?: BaselineFinding
  readonly correlation?: CorrelationFinding
}

const packetFields = [
  'event.action',
  'network.community_id',
  'source.ip',
  'source.mac',
  'destination.ip',
  'device.id',
  'dns.id',
  'dns.question.name',
  'url.original',
  'tls.client.server_name',
] as const
const deviceFields = [
  'event.action',
  'device.id',
  'source.mac',
  'source.ip',
  'orthrus.device.name',
  'orthrus.device.ethernet_source',
] as const

/** What an alert is about, and the minute: whoever records the same packets stamps them some µs apart. */
export function aboutOf({ subject, time, kind }: Match, { baseline, correlation }: Facts): Words {
  const minute = nearestMinute(time)
  if (baseline !== undefined) {
    return [baseline.reason, ...baseline.entity, '/', ...baseline.value, minute]
  }
  if (correlation !== undefined) return [correlation.key, nearestMinute(correlation.last)]
  const signal = keyText(subject.value('orthrus.signal.id', 'ecs'))
  if (signal !== undefined) return [signal]
  const fields = kind === 'device' ? deviceFields : packetFields
  const texts = fields.map(field => keyText(subject.value(field, 'ecs')) ?? '')
  return [minute, ...texts.filter(text => text !== '')]
}

/** Alerts of a minute that are told apart by their order; beyond, by the time of their packet. */
const most = 16_384
const minuteLength = 60e6

/** Tells alerts apart that are about the same within a minute: the second is the second. */
export class Identities {
  #since = 0
  #recent = new Map<string, number>()
  #before = new Map<string, number>()

  /** The words, with which one it is of those of this rule that are about the same lately; `time` in µs. */
  of(rule: string, about: Words, time: number): Words {
    if (time - this.#since >= minuteLength) this.#turn(time)
    const key = JSON.stringify([rule, ...about])
    const count = (this.#recent.get(key) ?? this.#before.get(key) ?? 0) + 1
    if (count === 1 && this.#recent.size >= most) return [...about, time]
    this.#recent.set(key, count)
    return count === 1 ? about : [...about, count]
  }

  #turn(time: number): void {
    this.#before = time - this.#since < 2 * minuteLength ? this.#recent : new Map()
    this.#recent = new Map()
    this.#since = time
  }
}
