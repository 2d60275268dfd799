import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { Lab } from './support/lab.ts'
import { type SensorProcess } from './support/sensor.ts'

describe.skipIf(!isRoot)('run, and interfaces that come and go', () => {
  let lab: Lab
  let sensor: SensorProcess

  beforeEach(async () => {
    lab = new Lab()
    const args = ['-i', 'w0', '-i', 'veth*', '--state', lab.path('s')]
    sensor = await lab.run(args)
  })

  afterEach(() => lab[Symbol.asyncDispose]())

  test('one that is made is watched within a second', async () => {
    const made = addVeth('vethA')
    expect(await told('watching vethA')).toBeLessThan(made + 1000)
    expect(lab.programs('vethA')).toBe(2)
    expect(await sensor.end()).toBe(0)
    expect(lab.programs('vethA')).toBe(0)
  })

  test('one that is deleted is let go within a second, and watched again when it comes back', async () => {
    addVeth('vethA')
    await told('watching vethA')
    const deleted = Date.now()
    lab.home.ip('link', 'delete', 'vethA')
    expect(await told('no longer watching vethA')).toBeLessThan(deleted + 1000)
    addVeth('vethA')
    await sensor.until(() => sensor.stderr.split('"watching vethA').length === 3, 'not again')
    expect(lab.programs('vethA')).toBe(2)
    expect(lab.programs('w0')).toBe(2)
  })

  test('one that is renamed is let go, or taken, by its new name within a second', async () => {
    addVeth('vethA')
    await told('watching vethA')
    const away = Date.now()
    lab.home.ip('link', 'set', 'vethA', 'name', 'other0')
    expect(await told('no longer watching vethA')).toBeLessThan(away + 1000)
    expect(lab.programs('other0')).toBe(0)
    const back = Date.now()
    lab.home.ip('link', 'set', 'other0', 'name', 'vethB')
    expect(await told('watching vethB')).toBeLessThan(back + 1000)
    expect(lab.programs('vethB')).toBe(2)
  })

  /** Returns the time, ms, when it was there. */
  function addVeth(name: string): number {
    lab.home.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'far0')
    lab.home.ip('link', 'set', name, 'up')
    return Date.now()
  }

  /** The time, ms, that the log gives to its line. */
  async function told(line: string): Promise<number> {
    await sensor.says('stderr', `"msg":"${line}`)
    const entry = sensor.stderr.split('\n').findLast(text => text.includes(`"msg":"${line}`))
    return Date.parse(JSON.parse(entry ?? '{}').time)
  }
})
