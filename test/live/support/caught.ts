import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { barks, type Host, type LinkLab } from './link.ts'

/** Who attacks, and how long it may go unseen. */
export interface Window {
  readonly by: Host
  /** Seconds of event time from its first frame to the alert, as `docs/detectors.md` has it. */
  readonly within: number
  /** Configuration. */
  readonly more?: string
}

/**
 * Waits for the first alert, lets the attack go on to its end, ends the sensor: all that it has to
 * say. Each alert came within its window: by the clock of the packets, which no load moves, from the
 * first that tcpdump saw of the attacker.
 */
export async function caught(
  lab: LinkLab,
  { by, within, more = '' }: Window,
  attack: (lab: LinkLab) => Promise<unknown>,
): Promise<ReturnType<typeof barks>> {
  const sensor = await lab.watch(more)
  const file = lab.path('attack.pcap')
  const stop = await lab.record(file)
  await attack(lab)
  await sensor.until(() => barks(sensor).length > 0, 'there was no alert')
  await sleep(1500) // whatever else it may have to say
  expect(await sensor.end()).toBe(0)
  await stop()
  expect(sensor.summary.orthrus.sensor.missed).toEqual({})
  const alerts = barks(sensor)
  const first = firstFrame(readFileSync(file), by)
  for (const alert of alerts) {
    const seconds = Date.parse(alert['@timestamp']) / 1000 - first
    // The kernel's coarse clock lags up to a tick.
    expect(seconds).toBeGreaterThan(-0.02)
    expect(seconds).toBeLessThanOrEqual(within)
  }
  return alerts
}

/** Unix time, seconds, of the first frame of IPv4 or ARP in a capture that is a host's. */
function firstFrame(bytes: Buffer, { mac, ip }: Host): number {
  const card = Buffer.from(mac.replaceAll(':', ''), 'hex')
  const address = Buffer.from(ip.split('.').map(Number))
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    const frame = bytes.subarray(at + 16, at + 16 + bytes.readUInt32LE(at + 8))
    const isIp = frame.readUInt16BE(12) === 0x0800
    if (!isIp && frame.readUInt16BE(12) !== 0x0806) continue // what kernels say by themselves
    const isFrom =
      frame.subarray(6, 12).equals(card) || (isIp && frame.subarray(26, 30).equals(address))
    if (isFrom) return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / 1e6
  }
  throw new Error(`nothing of ${ip} was recorded`)
}
