import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { address, client, many, random, resolved, resolver } from './names.ts'
import { alerts, began, type Timed, type Told } from './replayed.ts'
import { talk } from './talk.ts'

// What takes a day, through the whole sensor with the shipped rules: one alert, early, nothing else.

const DAY = 86_400

/** Minutes from the first packet to the alert. */
function minutes([told]: readonly Told[]): number {
  return (Date.parse(told?.['@timestamp'] ?? '') / 1000 - began) / 60
}

/** A share of 0 to 1 that is the same every time. */
const chance = (seed: number) => Number.parseInt(random(seed, 6, '0123456789'), 10) / 1e6

describe('in a day, one alert', () => {
  test('of a beacon by curl every 60 s ± 20 %', async () => {
    const [name, server] = ['c2.example.net', '203.0.113.9']
    const headers = { 'User-Agent': 'curl/7.88.1', Accept: '*/*' }
    const said = p.httpRequest({ host: name, target: '/orders', headers })
    const answered = p.httpResponse({}, 'nothing to do')
    const packets: Timed[] = []
    for (let at = 0; at < DAY; at += 60 * (0.8 + 0.4 * chance(at))) {
      if (at % 300 < 60) packets.push(...resolved({ at, name }, [address(name, server)]))
      packets.push(...talk({ at: at + 0.1, from: client, to: server, port: 80, said, answered }))
    }
    const told = await alerts(packets)
    expect(told).toMatchObject([
      {
        rule: { name: 'Regular Connections to a New Destination' },
        source: { ip: client },
        orthrus: { signal: { entity: client, evidence: { destination: name, habit: 'new' } } },
      },
    ])
    expect(minutes(told)).toBeLessThan(5 * 60)
  })

  test('of a scan of one port each 90 seconds', async () => {
    const [src, dst] = ['192.168.1.66', '192.168.1.10']
    const segment = (at: number, ends: p.Ipv4Options, ports: p.TcpOptions): Timed => ({
      at,
      frame: p.ethernet({}, p.ipv4(ends, p.tcp(ports))),
    })
    const packets = many(DAY / 90, i => [
      segment(i * 90, { src, dst }, { srcPort: 50_000, dstPort: 1 + i, flags: p.SYN }),
      segment(
        i * 90 + 0.0001,
        { src: dst, dst: src },
        { srcPort: 1 + i, dstPort: 50_000, flags: p.RST | p.ACK },
      ),
    ])
    const told = await alerts(packets)
    // And once more, hours later, with ten times as many ports.
    const scan = (ports: unknown) => ({
      rule: { name: 'Port Scan From Inside' },
      source: { ip: src },
      destination: { ip: dst },
      orthrus: { signal: { entity: src, evidence: { technique: 'syn', ports } } },
    })
    expect(told).toMatchObject([scan(40), scan(expect.any(Number))])
    expect(minutes(told)).toBeLessThan(2 * 60)
  })

  test('of data that leaves in one question a minute', async () => {
    const packets = many(DAY / 60, i => {
      const name = `${random(i, 44)}.ns1.example.net`
      const answer = { name, type: 'TXT' as const, ttl: 0, data: random(i + 9, 24) }
      return resolved({ at: i * 60, name, type: 'TXT' }, [answer])
    })
    const told = await alerts(packets)
    expect(told).toMatchObject([
      {
        rule: { name: 'Data Hidden in DNS Names' },
        source: { ip: client },
        destination: { ip: resolver },
        orthrus: { signal: { entity: client, evidence: { domain: 'example.net', visits: 0 } } },
      },
    ])
    expect(minutes(told)).toBeLessThan(60)
  })
})
