import { type Slot } from '../fields.ts'
import { type Aspect, type EventClass, type EventClasses } from './event-classes.ts'
import { type FieldIndex } from './field-index.ts'
import { type Frame } from './frame.ts'
import { type Mark } from './postings.ts'

/** Finds the class of an event and its gates: reads what rules of the class need, each field once. */
export type Probe<Event> = (frame: Frame<Event>, event: Event, mark: Mark) => EventClass

/** A slot with gates and what looks for them. */
export interface ProbedSlot<Event> {
  readonly slot: number
  readonly read: Slot<Event>
  readonly index: FieldIndex
  /** Whether only its address is looked up: then no text need be made of it. */
  readonly isAddress: boolean
}

export interface ProbePlan<Event> {
  readonly aspects: readonly { readonly aspect: Aspect; readonly read: Slot<Event> }[]
  readonly classes: EventClasses
  readonly probed: readonly ProbedSlot<Event>[]
}

/** The probe as straight code, so that each reader has a call of its own. */
export function generateProbe<Event>({ aspects, classes, probed }: ProbePlan<Event>): Probe<Event> {
  const constants: unknown[] = []
  const names: string[] = []
  const constant = (value: unknown) => {
    names.push(`c${names.length}=k[${constants.push(value) - 1}]`)
    return `c${names.length - 1}`
  }
  let weight = 1
  const reads = aspects.map(({ aspect, read }) => {
    const number = `${constant(aspect)}.numberOf(v)*${weight}`
    weight *= aspect.odd + 1
    return `v=${constant(read)}(event);V[${aspect.slot}]=v;L[${aspect.slot}]=stamp;n+=${number};`
  })
  const steps = probed.map(({ slot, read, index, isAddress }, number) => {
    const found = constant(index)
    const find = isAddress
      ? `${found}.findAddress(S.family(${slot}),S.words,${slot * 4},C);`
      : `v=${constant(read)}(event);V[${slot}]=v;L[${slot}]=stamp;if(v!==void 0)${found}.find(v,C);`
    return number < 32 ? `if((slots&${1 << number})!==0){${find}}` : find
  })
  const kind = `const K=${constant(classes)}.of(n),slots=K.slots;S.isSure=K.isSure;`
  const head = 'let v,n=0;const V=S.values,L=S.read,stamp=S.stamp;'
  const code = [...reads, kind, ...steps].join('\n')
  return new Function(
    'k',
    `'use strict';const ${names.join()};return (S,event,C)=>{${head}${code}\nreturn K}`,
  )(constants) as Probe<Event>
}

/** The same as loops. */
export function loopProbe<Event>({ aspects, classes, probed }: ProbePlan<Event>): Probe<Event> {
  return (frame, _, mark) => {
    let number = 0
    let weight = 1
    for (const { aspect } of aspects) {
      number += aspect.numberOf(frame.value(aspect.slot)) * weight
      weight *= aspect.odd + 1
    }
    const found = classes.of(number)
    frame.isSure = found.isSure
    for (const [at, { slot, index, isAddress }] of probed.entries()) {
      if (at < 32 && (found.slots & (1 << at)) === 0) continue
      if (isAddress) index.findAddress(frame.family(slot), frame.words, slot * 4, mark)
      else index.find(frame.value(slot), mark)
    }
    return found
  }
}
