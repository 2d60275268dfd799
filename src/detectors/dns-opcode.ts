import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { nearestMinute } from '../decode/clock.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { opCodeName } from '../protocols/dns-types.ts'
import { type DetectorContext, defineDetector } from './detector.ts'

const query = 0
const notify = 4
const update = 5

/** Operations of DNS that clients have no business with (RFC 6895 2.2): inverse, status, unassigned, or an update that leaves the network. */
export const dnsOpcode = defineDetector({
  schema: section('Operations of DNS that are not questions.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  }),
  signals: [
    {
      name: 'dns-opcode',
      when: 'A DNS message has an operation that is not in use, or asks a server outside to change a zone.',
      evidence: { opcode: 'the operation', server: 'address of the server' },
    },
  ],
  open(_, context) {
    return { on: { dns: event => look(event, context) } }
  },
})

function look(event: DnsEvent, { home, signal }: DetectorContext): void {
  const { message, packet } = event
  const { opCode } = message
  if (opCode === query || message.isResponse || message.dialect !== 'dns') return
  const isUsual = opCode === notify || opCode === update
  if (isUsual && (opCode === notify || home().direction(packet) !== 'outbound')) return
  const { sourceIp = '', destinationIp = '' } = packet
  const opcode = opCodeName(opCode)
  signal({
    name: 'dns-opcode',
    score: isUsual ? 0.6 : 0.4,
    entity: sourceIp,
    identity: [destinationIp, opCode, nearestMinute(packet.time)],
    message: `${sourceIp} sends ${destinationIp} a DNS message with the operation ${opcode}`,
    evidence: { opcode, server: destinationIp },
    trigger: event,
  })
}
