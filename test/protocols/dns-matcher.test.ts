import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { type Ends } from '../../src/decode/conversations.ts'
import { type DnsMessage, decodeDns } from '../../src/protocols/dns.ts'
import { DnsMatcher, type UnansweredQuery } from '../../src/protocols/dns-matcher.ts'

function message(type: 'query' | 'response', id: number, name = 'a.test'): DnsMessage {
  const decoded = decodeDns(packet.encode({ type, id, questions: [{ type: 'A', name }] }))
  if (decoded === undefined) throw new Error('dns-packet made no message')
  return decoded
}

/** The ends of the conversation from a port of this host. */
function from(sourcePort: number): Ends {
  const nobody = { source1: 0, source2: 0, source3: 0, destination1: 0, destination2: 0 }
  const words = { ...nobody, source0: 0x0a000001, destination0: 0x0a000035, destination3: 0 }
  return { ...words, family: 4, protocol: 17, vlan: 0, sourcePort, destinationPort: 53 }
}

const [f, g, h] = [from(1), from(2), from(3)] as const

describe('the DNS matcher', () => {
  test('gives the time between a query and its answer in ns', () => {
    const matcher = new DnsMatcher()
    expect(matcher.take(f, message('query', 1), 1_000_000.25)).toBeUndefined()
    expect(matcher.take(f, message('response', 1), 1_000_020.5)).toBe(20_250)
    expect(matcher.counters).toMatchObject({ answered: 1, unsolicited: 0, unanswered: 0 })
  })

  test.each([
    ['conversation', g, message('response', 1)],
    ['id', f, message('response', 2)],
    ['name', f, message('response', 1, 'b.test')],
  ])('does not pair another %s', (_, ends, answer) => {
    const matcher = new DnsMatcher()
    matcher.take(f, message('query', 1), 0)
    expect(matcher.take(ends, answer, 1)).toBeUndefined()
    expect(matcher.counters.unsolicited).toBe(1)
  })

  test('pairs names that differ in letter case only', () => {
    const matcher = new DnsMatcher()
    matcher.take(f, message('query', 1, 'A.tEsT'), 0)
    expect(matcher.take(f, message('response', 1, 'a.test'), 2)).toBe(2000)
  })

  test('measures a repeated query from the first time', () => {
    const matcher = new DnsMatcher()
    for (const time of [0, 100, 200]) matcher.take(f, message('query', 1), time)
    expect(matcher.take(f, message('response', 1), 300)).toBe(300_000)
    expect(matcher.counters.repeated).toBe(2)
  })

  test('takes each query once: a second answer is unsolicited', () => {
    const matcher = new DnsMatcher()
    matcher.take(f, message('query', 1), 0)
    matcher.take(f, message('response', 1), 1)
    expect(matcher.take(f, message('response', 1), 2)).toBeUndefined()
    expect(matcher.counters).toMatchObject({ answered: 1, unsolicited: 1 })
  })

  test('tells which queries had no answer, in packet time', () => {
    const given: UnansweredQuery[] = []
    const matcher = new DnsMatcher({ timeout: 1000 }, query => given.push(query))
    matcher.take(f, message('query', 1), 0)
    matcher.take(g, message('query', 2), 600)
    matcher.take(h, message('query', 3), 1200)
    expect(given).toMatchObject([{ name: 'a.test', type: 1, time: 0 }])
    matcher.expire(1600)
    expect(given.map(query => query.time)).toEqual([0, 600])
    expect(matcher.counters.unanswered).toBe(2)
    expect(matcher.size).toBe(1)
  })

  test('holds no more than its capacity, the newest', () => {
    const matcher = new DnsMatcher({ capacity: 100 })
    for (let id = 0; id < 1000; id++) matcher.take(f, message('query', id), id)
    expect(matcher.size).toBe(100)
    expect(matcher.counters.evicted).toBe(900)
    expect(matcher.take(f, message('response', 899), 1000)).toBeUndefined()
    expect(matcher.take(f, message('response', 900), 1000)).toBe(100_000)
  })
})
