import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { barks, type LinkLab } from './link.ts'

/**
 * Waits for the first alert, lets the attack go on to its end, ends the sensor: all that it has to
 * say. `more` is configuration.
 */
export async function caught(
  lab: LinkLab,
  attack: (lab: LinkLab) => Promise<unknown>,
  more = '',
): Promise<ReturnType<typeof barks>> {
  const sensor = await lab.watch(more)
  await attack(lab)
  await sensor.until(() => barks(sensor).length > 0, 'there was no alert')
  await sleep(1500) // whatever else it may have to say
  expect(await sensor.end()).toBe(0)
  return barks(sensor)
}
