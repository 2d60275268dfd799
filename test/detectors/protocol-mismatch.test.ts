import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'
import { many, type Talk, talk } from './talk.ts'

const signals = signalsOf('protocol-mismatch')

const from = '192.168.1.50'
const to = '203.0.113.9'

const say = (over: Partial<Talk>): Timed[] =>
  talk({ at: 0, from, to, port: 443, said: 200, answered: 400, ...over })

const ssh = Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'.padEnd(60, ' '))

const resolved: Timed[] = [
  {
    at: 0,
    frame: p.ethernet(
      {},
      p.ipv4(
        { src: from, dst: '192.168.1.1' },
        p.udp({ srcPort: 40_000, dstPort: 53 }, p.dnsQuery('chat.example.com')),
      ),
    ),
  },
  {
    at: 0.01,
    frame: p.ethernet(
      {},
      p.ipv4(
        { src: '192.168.1.1', dst: from },
        p.udp(
          { srcPort: 53, dstPort: 40_000 },
          p.dnsAnswer('chat.example.com', [{ name: 'chat.example.com', type: 'A', data: to }]),
        ),
      ),
    ),
  },
]

describe('protocol-mismatch', () => {
  test.each<[string, Partial<Talk>, string | undefined, number]>([
    ['what nobody can name on 443', {}, undefined, 0.65],
    ['SSH on 443', { said: ssh, answered: ssh }, 'ssh', 0.7],
    ['HTTP on 443', { said: p.httpRequest() }, 'http', 0.7],
    ['something else than DNS on 53', { port: 53 }, undefined, 0.65],
    ['something else than SSH on 22', { port: 22 }, undefined, 0.65],
    ['SSH on 80', { port: 80, said: ssh, answered: ssh }, 'ssh', 0.7],
  ])('finds %s', async (_, over, protocol, score) => {
    const [told, ...more] = await signals(say(over))
    expect(more).toEqual([])
    expect(told).toMatchObject({
      source: { ip: from },
      destination: { ip: to },
      orthrus: { signal: { name: 'protocol-mismatch', entity: from, score } },
    })
    expect(told?.orthrus.signal.evidence['protocol']).toBe(protocol)
  })

  test('tells once a day of a pair, by a rule of level low', async () => {
    expect(await alerts(many(20, i => say({ at: i * 60 })))).toMatchObject([
      { rule: { name: 'Port Says One Thing, Content Another' }, event: { severity: 21 } },
    ])
  })

  test('is less sure where the destination was looked up', async () => {
    const told = await signals([...resolved, ...say({ at: 1 })])
    expect(told).toMatchObject([{ orthrus: { signal: { score: 0.5 } } }])
  })
})

describe('protocol-mismatch is quiet', () => {
  test.each<[string, Timed[]]>([
    ['about TLS on 443', say({ said: p.tlsRecords(p.clientHello()) })],
    ['about SSH on 22', say({ port: 22, said: ssh, answered: ssh })],
    [
      'about HTTP on 80',
      say({ port: 80, said: p.httpRequest(), answered: p.httpResponse({}, 'hello') }),
    ],
    ['about other ports', say({ port: 5222 })],
    ['inside', say({ to: '192.168.1.9' })],
    ['about a few bytes', say({ said: 10, answered: 10 })],
    ['about the middle of a conversation', say({}).slice(3)],
  ])('%s', async (_, packets) => {
    expect(await signals(packets)).toEqual([])
  })
})
