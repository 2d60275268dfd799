import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'
import { many } from './talk.ts'

const signals = signalsOf('icmp-tunnel')
const inside = '192.168.1.50'
const outside = '203.0.113.9'

/** So many echo requests of so many bytes, and answers of so many; each `gap` seconds. */
const pings = (count: number, gap: number, asked: number, answered?: number, times = 1): Timed[] =>
  many(count, seq => {
    const echo = (reply: boolean, size: number, src: string, dst: string): Timed => ({
      at: seq * gap + (reply ? 0.001 : 0),
      frame: p.ethernet(
        {},
        p.ipv4({ src, dst }, p.echo({ id: 7, seq, reply }, new Uint8Array(size))),
      ),
    })
    const request = echo(false, asked, inside, outside)
    if (answered === undefined) return [request]
    return [request, ...Array.from({ length: times }, () => echo(true, answered, outside, inside))]
  })

describe('icmp-tunnel', () => {
  test.each<[string, Timed[], number]>([
    ['other bytes back', pings(100, 1, 60, 900), 0.9],
    ['many large ones a second', pings(400, 0.01, 1000, 1000), 0.6],
    ['large ones that nobody answers', pings(60, 1, 1200), 0.6],
    ['answers that nobody asked for', pings(2, 1, 100, 1000, 12), 0.9],
  ])('finds %s', async (_, packets, score) => {
    // A conversation that lasts is told of each minute.
    const [told] = await signals(packets)
    expect([told]).toMatchObject([
      { source: { ip: inside }, destination: { ip: outside }, orthrus: { signal: { score } } },
    ])
  })

  test('is one alert of level high', async () => {
    expect(await alerts(pings(100, 1, 60, 900))).toMatchObject([
      { rule: { name: 'Data Hidden in Pings' }, event: { severity: 73 } },
    ])
  })

  test.each<[string, Timed[]]>([
    ['an ordinary ping', pings(500, 1, 56, 56)],
    ['one to a host that is down', pings(500, 1, 56)],
    ['a large one now and then', pings(300, 1, 1472, 1472)],
    ['a few', pings(9, 1, 60, 900)],
    ['one that comes thrice, as over a bridge in a loop', pings(300, 1, 56, 56, 3)],
  ])('is quiet about %s', async (_, packets) => {
    expect(await signals(packets)).toEqual([])
  })
})
