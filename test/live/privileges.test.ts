import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { Lab } from './support/lab.ts'

const nobody = 65_534
const needed = '+net_admin,+perfmon,+bpf'
const user = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups']
const capable = ['--inh-caps', `-all,${needed}`, '--ambient-caps', `-all,${needed}`]
const asNobody = [...user, '--bounding-set', '-all']
const withCaps = [...user, ...capable, '--bounding-set', `-all,${needed}`]

describe.skipIf(!isRoot)('run, and what it is allowed', () => {
  let lab: Lab
  let state: string

  beforeEach(() => {
    lab = new Lab()
    chmodSync(lab.directory, 0o755)
    state = lab.path('s')
    mkdirSync(state)
    chownSync(state, nobody, nobody)
  })

  afterEach(() => lab[Symbol.asyncDispose]())

  test('runs as nobody with only CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON', async () => {
    const sensor = await lab.run(['-i', 'w0', '--learn', '0', '--state', state], {
      prefix: withCaps,
    })
    await lab.fromPeer('echo x > /dev/udp/192.0.2.1/9999')
    await sensor.until(() => sensor.alerts.length === 1, 'no alert')
    expect(await sensor.end()).toBe(0)
    expect(sensor.summary.orthrus.sensor).toMatchObject({ missed: {}, devices: { new: 1 } })
    expect(lab.programs()).toBe(0)
  })

  test('without them says the words of the doctor, exit 1, no stack trace', async () => {
    const sensor = lab.start(['run', '-i', 'w0', '--state', state], { prefix: asNobody })
    expect(await sensor.ended()).toBe(1)
    const doctor = lab.start(['doctor', '-i', 'w0', '--state', state], { prefix: asNobody })
    expect(await doctor.ended()).toBe(1)
    const { checks } = JSON.parse(doctor.stdout)
    const { message, fix } = checks.find(({ name }: { name: string }) => name === 'privileges')
    expect(sensor.stderr).toBe(`orthrus: ${message}: ${fix}\n`)
    expect(message).toMatch(/CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF/)
    expect(sensor.stdout).toBe('')
  })

  test('an interface that does not exist: which there are, exit 1', async () => {
    const sensor = lab.start(['run', '-i', 'eth9', '--state', state])
    expect(await sensor.ended()).toBe(1)
    expect(sensor.stderr).toMatch(
      /^orthrus: cannot attach to `eth9`: no such interface; `ip link` lists yours, here .*`w0`\n$/,
    )
  })

  test('a wrong configuration: every fault with its line, exit 2, nothing attached', async () => {
    const file = lab.path('orthrus.yaml')
    writeFileSync(file, 'capture:\n  interface: w0\nsinks:\n  screen: { type: consle }\n')
    const sensor = lab.start(['run', '-c', file])
    expect(await sensor.ended()).toBe(2)
    const [first, second, ...rest] = sensor.stderr.split('\n')
    expect(first).toMatch(/orthrus\.yaml:2:3: .*`interface`.*`interfaces`/)
    expect(second).toMatch(/orthrus\.yaml:4:19: .*`console`/)
    expect(rest).toEqual([`orthrus: 2 faults in \`${file}\``, ''])
    expect(lab.programs()).toBe(0)
  })

  test('a state folder that nobody may write: why, exit 1', async () => {
    chownSync(state, 0, 0)
    const args = ['run', '-i', 'w0', '--state', state]
    const sensor = lab.start(args, { prefix: withCaps })
    expect(await sensor.ended()).toBe(1)
    expect(sensor.stderr).toMatch(/^orthrus: .*`.*\/s.*`.*\n$/)
  })
})
