import { type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { caught } from './support/caught.ts'
import { gateway, have, haveTun, internet, LinkLab, victim } from './support/link.ts'

/** Until a program has said something. */
function says(child: ChildProcess, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        text += data.toString()
        if (what.test(text)) resolve()
      })
    }
    child.on('close', () => reject(new Error(`it never said ${what}:\n${text}`)))
  })
}

/** Seconds of event time: uploads and tunnels are told at the report of a minute, all else at once. */
const window = { by: victim, within: 120 }

describe.skipIf(!isRoot || !have('iodine', 'iodined', 'dnsmasq', 'tcpdump') || !haveTun())(
  'iodine',
  () => {
    test('through the resolver of the house is one alert', async () => {
      await using lab = new LinkLab()
      const zone = 't.example.net'
      const alerts = await caught(lab, window, async () => {
        await lab.resolver({}, `--server=/${zone}/${internet.ip}`)
        const server = ['-f', '-P', 'secret', '-l', internet.ip, '10.99.0.1', zone]
        await says(lab.start(internet, 'iodined', ...server), /Listening to dns/)
        const client = ['-f', '-r', '-P', 'secret', gateway.ip, zone]
        await says(lab.start(victim, 'iodine', ...client), /Connection setup complete/)
        await lab.run(victim, 'ping', '-c', '20', '-i', '0.1', '-s', '600', '10.99.0.1')
      })
      expect(alerts).toMatchObject([
        {
          rule: { name: 'Data Hidden in DNS Names' },
          source: { ip: victim.ip },
          destination: { ip: gateway.ip, port: 53 },
          orthrus: {
            signal: {
              name: 'dns-tunnel',
              entity: victim.ip,
              evidence: { domain: 'example.net', visits: 0 },
            },
          },
        },
      ])
    })
  },
)

describe.skipIf(!isRoot || !have('ptunnel-ng', 'curl', 'tcpdump'))('ptunnel-ng', () => {
  test('is one alert', async () => {
    await using lab = new LinkLab()
    const page = createServer((_, answer) => answer.end('x'.repeat(20_000)))
    lab.space(internet).inside(() => page.listen(8080))
    const alerts = await caught(lab, window, async () => {
      lab.start(internet, 'ptunnel-ng', '-r127.0.0.1', '-R8080')
      const way = [`-p${internet.ip}`, '-l8000', '-r127.0.0.1', '-R8080']
      lab.start(victim, 'ptunnel-ng', ...way)
      await lab.listening(victim, 8000)
      const answer = await lab.run(victim, 'curl', '-s', '-m', '10', 'http://127.0.0.1:8000/')
      expect(answer).toHaveLength(20_000)
    })
    page.close()
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Data Hidden in Pings' },
        source: { ip: victim.ip },
        destination: { ip: internet.ip },
        orthrus: { signal: { name: 'icmp-tunnel', entity: victim.ip } },
      },
    ])
  })
})
