import { type Dice } from '../dice.ts'
import { type Lan } from '../lan.ts'
import { type Process } from '../schedule.ts'
import { DAY, HOUR, type Station } from '../station.ts'

/** A device that an attack is about. */
export interface Entity {
  readonly ip: string
  readonly mac: string
}

/** What an attack does, and what should be told of it. */
export interface Truth {
  readonly name: string
  /** µs since the epoch. */
  readonly start: number
  readonly end: number
  /** Who an alert should name. */
  readonly entity: Entity
  readonly victim?: Entity
  /** What should be seen, in words. */
  readonly expected: string
}

export interface Context {
  /** With dice, ports and memory of the attack alone. */
  readonly lan: Lan
  readonly dice: Dice
  /** When it begins, µs since the epoch. */
  readonly time: number
  /** Domain of the indicator attack. */
  readonly indicator: string
}

/** What an attack of some kind comes to. */
export interface Plan {
  readonly process: Process
  readonly truth: Omit<Truth, 'name' | 'start'>
}

export interface Attack {
  /** When it usually begins, µs since the start: after a week to learn in. */
  readonly at: number
  readonly plan: (context: Context) => Plan
}

/** µs since the start: day (from 0) and hour. */
export function on(day: number, hour: number): number {
  return day * DAY + hour * HOUR
}

/** A device in the hands of an attacker; what it does otherwise is not disturbed. */
export function taken({ lan, dice }: Context, name: string): Station {
  return lan.station(name).shadow(dice.fork(name))
}

export function entityOf({ ip, mac }: Entity): Entity {
  return { ip, mac }
}

/** An attack by one device of ours that lasts so long; `expected` is what should be seen of it. */
export function byOne(
  at: number,
  name: string,
  length: number,
  expected: string | ((context: Context) => string),
  run: (context: Context, attacker: Station) => Process,
): Attack {
  return {
    at,
    plan(context) {
      const attacker = taken(context, name)
      const said = typeof expected === 'string' ? expected : expected(context)
      const truth = { end: context.time + length, entity: entityOf(attacker), expected: said }
      return { process: run(context, attacker), truth }
    },
  }
}
