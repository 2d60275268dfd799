import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { type HabitFacts, Habits } from './habit.ts'
import { knownServiceOptions, NameSuffixes } from './known-services.ts'
import { directionOf, sourceKey } from './source.ts'

/** Hours from which a conversation is long, and what each is worth (RITA's bands). */
const bands = [
  { hours: 12, score: 0.8 },
  { hours: 8, score: 0.6 },
  { hours: 4, score: 0.4 },
  { hours: 1, score: 0.2 },
] as const
const hour = 3600e9

const schema = section('Conversations with the outside that last for hours.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  score: Type.Number({
    default: 0.4,
    minimum: 0.05,
    maximum: 1,
    description: 'Score, 0 to 1, from which one is told at all; rules may want more.',
  }),
  learning: duration({
    default: '3d',
    maxDuration: '90d',
    description: 'First days of the sensor: what lasts long then is a habit afterwards.',
  }),
  ...knownServiceOptions,
})

type Options = Static<typeof schema>

/** Long conversations (ATT&CK T1571, T1572): tunnels and remote shells hold one for as long as they can. */
export const longConnection = defineDetector({
  schema,
  signals: [
    {
      name: 'long-connection',
      when: 'A conversation with the outside has lasted for 1, 4, 8 or 12 hours.',
      evidence: {
        destination: 'the name, or the address of what has none, and the port',
        hours: 'for how long it has lasted',
        bytes_out: 'payload of our side so far',
        bytes_in: 'payload of the other side so far',
        habit: 'new, unknown (the sensor was too young to say) or old',
        others: 'sources of our own that hold long ones with the same destination',
        named: 'whether the client resolved or said a name',
        known_service: 'whether it is a service that every office uses',
      },
    },
  ],
  open(options, context) {
    const watch = new LongWatch(options, context)
    return { on: { flow: event => watch.flow(event) }, counts: () => context.growth.counts }
  },
})

class LongWatch {
  readonly #options: Options
  readonly #context: DetectorContext
  readonly #habits: Habits
  readonly #names: NameSuffixes
  readonly #ports: ReadonlySet<number>
  #started = false

  constructor(options: Options, context: DetectorContext) {
    this.#options = options
    this.#context = context
    const learning = context.learning(milliseconds(options.learning) * 1000)
    this.#habits = new Habits(context.baselines, { name: 'long-connection', learning })
    this.#names = new NameSuffixes(options.known_names)
    this.#ports = new Set(options.known_ports)
  }

  flow(flow: FlowEvent): void {
    if (!this.#started) {
      this.#started = true
      this.#habits.started(flow.packet.time)
    }
    if (flow.duration < hour || flow.action === 'start' || !isWanted(flow)) return
    const { packet } = flow
    const { home, growth } = this.#context
    if (directionOf(home(), packet) !== 'outbound') return
    const { before } = growth.of(flow)
    const band = bands.find(({ hours }) => flow.duration >= hours * hour)
    if (band !== undefined && before < band.hours * hour) this.#judge(flow, band.score)
  }

  #judge(flow: FlowEvent, plain: number): void {
    const { packet } = flow
    const name = this.#context.destinationName(packet, flow.start)?.name
    const destination = `${name ?? packet.destinationIp ?? ''}:${packet.destinationPort}`
    const entity = sourceKey(this.#context.devices, packet)
    const habit = this.#habits.ask(entity, destination, packet.time)
    if (habit.habit === 'old') return
    const known =
      this.#ports.has(packet.destinationPort) || (name !== undefined && this.#names.has(name))
    const score = weigh(plain, habit, name !== undefined, known)
    if (score < this.#options.score) return
    const { sourceIp = '' } = packet
    const hours = Math.floor(flow.duration / hour)
    this.#context.signal({
      name: 'long-connection',
      score,
      entity: sourceIp,
      identity: [destination, packet.sourcePort, nearestMinute(flow.start), plain],
      message: `${sourceIp} has been connected to ${destination} for ${hours} hours`,
      evidence: {
        destination,
        hours,
        bytes_out: flow.sourcePayload,
        bytes_in: flow.destinationPayload,
        habit: habit.habit,
        others: habit.others,
        named: name !== undefined,
        known_service: known,
      },
      trigger: flow,
    })
  }
}

function isWanted({ packet: { protocol }, destinationPackets }: FlowEvent): boolean {
  if (protocol !== ipProtocol.tcp && protocol !== ipProtocol.udp) return false
  return destinationPackets > 0
}

function weigh(
  plain: number,
  { habit, others }: HabitFacts,
  isNamed: boolean,
  isKnown: boolean,
): number {
  let score = plain + (habit === 'new' ? 0.1 : -0.25)
  if (!isNamed) score += 0.25
  if (others >= 2) score -= 0.3
  if (isKnown) score /= 2
  return Math.round(Math.min(1, Math.max(0, score)) * 100) / 100
}
