import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { arp, ethernet } from '../generate/packets.ts'
import { fill, smallDisk } from '../storage/small-disk.ts'
import { Lab } from './support/lab.ts'

test.skipIf(!isRoot)(
  'a full disk does not keep the sensor from ending',
  async context => {
    const disk = smallDisk('24m')
    if (disk === undefined) return context.skip('SKIPPED: mounting a tmpfs is not allowed here')
    await using lab = new Lab()
    lab.home.ip('address', 'add', '198.18.0.1/16', 'dev', 'w0')
    const sensor = await lab.run(['-i', 'w0', '--learn', '0', '--state', join(disk, 's')])
    for (let host = 1; !sensor.stderr.includes('disk_full'); host++) {
      fill(join(disk, 'filler'))
      const [high, low] = [host >> 7, host & 127]
      const src = `02:00:5e:01:${high.toString(16).padStart(2, '0')}:${low.toString(16).padStart(2, '0')}`
      const address = `198.18.${1 + (high % 250)}.${1 + low}`
      const content = arp({ senderMac: src, senderIp: address, targetIp: address })
      lab.frame(ethernet({ src, dst: 'ff:ff:ff:ff:ff:ff' }, content))
      await new Promise(done => setTimeout(done, 20))
    }
    // What the outbox kept back for itself is taken as well.
    const filling = setInterval(() => fill(join(disk, 'filler')), 20)
    onTestFinished(() => clearInterval(filling))
    await new Promise(done => setTimeout(done, 3000))
    expect(await sensor.end()).toBe(0)
    expect(sensor.stderr).toContain('the memory refused')
  },
  120_000,
)
