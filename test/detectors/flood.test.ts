import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'
import { many } from './talk.ts'

const signals = signalsOf('flood')

const target = '192.168.1.10'
const source = '192.168.1.66'

const syn = (at: number, src: string, srcPort: number, dstPort = 80): Timed => ({
  at,
  frame: p.ethernet({}, p.ipv4({ src, dst: target }, p.tcp({ srcPort, dstPort, flags: p.SYN }))),
})

const ping = (at: number, seq: number, type = 'request'): Timed => {
  const [src, dst] = type === 'request' ? [source, target] : [target, source]
  return {
    at,
    frame: p.ethernet({}, p.ipv4({ src, dst }, p.echo({ id: 7, seq, reply: type === 'reply' }))),
  }
}

describe('flood', () => {
  test('of connections, by one source', async () => {
    const told = await alerts(many(3000, i => [syn(i * 0.002, source, 1024 + i)]))
    expect(told).toMatchObject([
      {
        rule: { name: 'Flood of Packets' },
        destination: { ip: target },
        orthrus: {
          signal: { entity: source, evidence: { connections: 2000, sources: 1, port: 80 } },
        },
      },
    ])
  })

  test('of connections, by sources that are made up', async () => {
    const told = await signals(
      many(3000, i => [syn(i * 0.002, `198.51.${i >> 8}.${i & 255}`, 1024 + (i % 9))]),
      { home: ['192.168.0.0/16'] },
    )
    expect(told).toMatchObject([{ orthrus: { signal: { name: 'flood', entity: target } } }])
  })

  test('of pings', async () => {
    const told = await signals(many(15_000, i => [ping(i * 0.00005, i & 0xffff)]))
    expect(told).toMatchObject([
      {
        orthrus: {
          signal: { name: 'flood', entity: source, evidence: { packets: 15_000, port: 0 } },
        },
      },
    ])
  })
})

test.each<[string, Timed[]]>([
  ['a scan of many ports', many(3000, i => [syn(i * 0.002, source, 40_000, 1 + i)])],
  ['a server that is down', many(3000, i => [syn(i, source, 1024 + i)])],
  ['an ordinary ping', many(3000, i => [ping(i, i)])],
])('%s is none', async (_, packets) => {
  const told = await signals(packets)
  expect(told.filter(({ orthrus }) => orthrus.signal.name === 'flood')).toEqual([])
})
