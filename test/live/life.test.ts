import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { arp, ethernet } from '../generate/packets.ts'
import { Lab } from './support/lab.ts'
import { parseLines } from './support/sensor.ts'

describe.skipIf(!isRoot)('run, from its start to its end', () => {
  let lab: Lab

  beforeEach(() => {
    lab = new Lab()
  })

  afterEach(() => lab[Symbol.asyncDispose]())

  /** An announcement (RFC 5227) of a device that nobody has seen; its number is its address. */
  function announce(host: number): void {
    const src = `02:00:5e:00:60:${host.toString(16).padStart(2, '0')}`
    const address = `192.0.2.${host}`
    const content = arp({ senderMac: src, senderIp: address, targetIp: address })
    lab.frame(ethernet({ src, dst: 'ff:ff:ff:ff:ff:ff' }, content))
  }

  /** Neither end says anything by itself: only what is announced is ever seen. */
  function quiet(): void {
    lab.peer.ip('link', 'set', 'p0', 'arp', 'off')
    lab.peer.run('sysctl', '-qw', 'net.ipv6.conf.p0.disable_ipv6=1')
    lab.home.run('sysctl', '-qw', 'net.ipv6.conf.w0.disable_ipv6=1')
  }

  const alerting = () => ['-i', 'w0', '--learn', '0', '--state', lab.path('s')]

  test('does not repeat an alert after a restart with the same state', async () => {
    quiet()
    const first = await lab.run(alerting())
    announce(50)
    await first.until(() => first.alerts.length === 1, 'no alert')
    expect(await first.end()).toBe(0)
    const second = await lab.run(alerting())
    announce(50)
    announce(51)
    await second.until(() => second.alerts.length > 0, 'no alert of the other device')
    expect(await second.end()).toBe(0)
    expect(second.alerts.map(({ source }) => source.ip)).toEqual(['192.0.2.51'])
    expect(second.summary.orthrus.sensor.devices).toMatchObject({ known: 2, new: 1 })
  })

  test('learns for an hour at its first start: devices appear, and nobody barks', async () => {
    const sensor = await lab.run(['-i', 'w0', '--state', lab.path('s'), '-o', 'text'])
    announce(50)
    await sensor.says('stdout', /192\.0\.2\.50 is 02-00-5E-00-60-32 .*, learnt/)
    expect(await sensor.end()).toBe(0)
    expect(sensor.stdout).not.toContain('ALERT')
    expect(sensor.stderr).toMatch(/devices .* learning for 60 min more/)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: a last summary, the memory on the disk, nothing attached, exit 0',
    async signal => {
      quiet()
      const sensor = await lab.run(alerting())
      expect(lab.programs()).toBe(2)
      announce(50)
      await sensor.until(() => sensor.alerts.length === 1, 'no alert')
      expect(await sensor.end(signal)).toBe(0)
      expect(lab.programs()).toBe(0)
      expect(lab.filters()).toEqual([])
      // The machine itself may have spoken on the link as well.
      const { known } = sensor.summary.orthrus.sensor.devices
      expect(known).toBeGreaterThanOrEqual(1)
      const next = await lab.run(alerting())
      await next.end(signal)
      expect(next.summary.orthrus.sensor.devices.known).toBeGreaterThanOrEqual(known)
      expect(next.alerts).toEqual([])
    },
  )

  test('Ctrl-C while it still starts ends it as well', async () => {
    const sensor = lab.start(['run', ...alerting()])
    await sensor.until(() => existsSync(lab.path('s/memory')), 'it never opened its memory')
    expect(await sensor.end('SIGINT')).toBe(0)
    expect(lab.programs()).toBe(0)
  })

  test('kill -9: nothing stays attached, and an alert that waited is sent by the next run', async () => {
    quiet()
    const folder = lab.path('log')
    mkdirSync(folder)
    writeFileSync(
      lab.path('orthrus.yaml'),
      `sinks: { file: { type: file, path: ${folder}/alerts.jsonl } }\n`,
    )
    const args = [...alerting(), '-c', lab.path('orthrus.yaml')]
    const killed = await lab.run(args)
    // It watches before its sinks are open.
    await killed.until(() => existsSync(`${folder}/alerts.jsonl`), 'the sink is not open')
    renameSync(folder, `${folder}.away`)
    announce(50)
    await killed.says('stderr', 'alerts wait')
    await killed.kill()
    expect(lab.programs()).toBe(0)
    renameSync(`${folder}.away`, folder)
    const next = await lab.run(args)
    const file = `${folder}/alerts.jsonl`
    await next.until(() => statSync(file).size > 0, 'the alert is lost')
    announce(50)
    expect(await next.end()).toBe(0)
    const alerts = parseLines(readFileSync(file, 'utf8'))
    expect(alerts.map(({ source }) => source.ip)).toEqual(['192.0.2.50'])
  })

  test('a sink that never answers keeps no sensor from ending, and its alert waits', async () => {
    quiet()
    // It takes connections and whatever comes over them.
    const silent = createServer(socket => void socket.on('error', () => undefined).resume())
    lab.home.inside(() => silent.listen(8443))
    onTestFinished(() => void silent.close())
    const settings = (shutdown: string, sink: string) =>
      writeFileSync(
        lab.path('c.yaml'),
        `outbox: { shutdown: ${shutdown} }\nsinks: { web: ${sink} }\n`,
      )
    const web =
      '{ type: webhook, url: "http://127.0.0.1:8443/", allow_http: true, allow_private: true }'
    const args = [...alerting(), '-c', lab.path('c.yaml')]
    settings('1s', web)
    const first = await lab.run(args)
    announce(50)
    await lab.waiting('s', 1)
    expect(await first.end()).toBe(0)
    // Whoever asks twice does not even wait as long as the configuration says.
    settings('10m', web)
    const second = await lab.run(args)
    announce(51)
    await lab.waiting('s', 2)
    second.process.kill('SIGTERM')
    await lab.waiting('s', undefined)
    expect(await second.end()).toBe(0)
    const file = lab.path('alerts.jsonl')
    settings('10s', `{ type: file, path: ${file} }`)
    const last = await lab.run(args)
    expect(await last.end()).toBe(0)
    const found = parseLines(readFileSync(file, 'utf8')).map(({ source }) => source.ip)
    expect(found).toEqual(['192.0.2.50', '192.0.2.51'])
  })

  test('SIGHUP opens the file of alerts anew after a rename', async () => {
    quiet()
    const file = lab.path('alerts.jsonl')
    writeFileSync(lab.path('orthrus.yaml'), `sinks: { file: { type: file, path: ${file} } }\n`)
    const sensor = await lab.run([...alerting(), '-c', lab.path('orthrus.yaml')])
    announce(50)
    await sensor.until(() => statSync(file).size > 0, 'no alert')
    renameSync(file, `${file}.1`)
    sensor.process.kill('SIGHUP')
    await sensor.until(() => existsSync(file), 'no new file')
    announce(51)
    await sensor.until(() => statSync(file).size > 0, 'no alert in the new file')
    expect(await sensor.end()).toBe(0)
    const addresses = [`${file}.1`, file].map(path =>
      parseLines(readFileSync(path, 'utf8')).map(({ source }) => source.ip),
    )
    expect(addresses).toEqual([['192.0.2.50'], ['192.0.2.51']])
  })

  test('a second run with the same state says who has it', async () => {
    const first = await lab.run(alerting())
    const second = lab.start(['run', ...alerting()])
    expect(await second.ended()).toBe(1)
    expect(second.stderr).toMatch(/^orthrus: .*`.*\/s`.*\n$/)
    expect(await first.end()).toBe(0)
    expect(lab.programs()).toBe(0)
  })

  test('`| head -1` ends it cleanly', async () => {
    const script = 'set -o pipefail; "$0" "$@" | head -1'
    const args = ['run', ...alerting(), '-o', 'text']
    const sensor = lab.start(args, { prefix: ['bash', '-c', script] })
    await sensor.says('stderr', 'watching')
    announce(50)
    await sensor.says('stdout', '\n')
    announce(51)
    expect(await sensor.ended()).toBe(0)
    expect(sensor.stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(sensor.stderr).toContain('summary, whole run')
    expect(sensor.stderr).not.toMatch(/internal error|\n +at /)
    expect(lab.programs()).toBe(0)
  })

  test('a state folder that was removed is made anew', async () => {
    const sensor = await lab.run(alerting())
    await sensor.end()
    rmSync(lab.path('s'), { recursive: true })
    const next = await lab.run(alerting())
    expect(await next.end()).toBe(0)
  })
})
