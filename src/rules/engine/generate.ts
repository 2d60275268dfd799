import { type Slot } from '../fields.ts'
import { Emitter } from './emit.ts'
import { type FieldIndex } from './field-index.ts'
import { type Frame } from './frame.ts'
import { type FrameTest } from './leaf.ts'
import { type Node } from './node.ts'
import { type Mark } from './postings.ts'

/** Rules in one piece of code: more make the compiler's work on the first event too long. */
const rulesAPiece = 512

/** Whether code may be made from texts here: `--disallow-code-generation-from-strings` forbids it. */
export function canGenerate(): boolean {
  try {
    return new Function('return true')() === true
  } catch {
    return false
  }
}

/** A function for each rule, made as code. */
export function generateTests(
  nodes: readonly Node[],
  isShared: (node: Node) => boolean,
  isKeywords: (slot: number) => boolean,
): FrameTest[] {
  const pieces: FrameTest[][] = []
  for (let from = 0; from < nodes.length; from += rulesAPiece) {
    const emitter = new Emitter(isShared, isKeywords)
    const rules = nodes
      .slice(from, from + rulesAPiece)
      .map(node => `S=>{let t;return ${emitter.node(node)}}`)
    const code = `'use strict';${emitter.functions.join('\n')}\nreturn [${rules.join(',\n')}]`
    pieces.push(new Function('k', code)(emitter.constants) as FrameTest[])
  }
  return pieces.flat()
}

/** What looks for the gates of an event: reads each gated slot and hands it to its table. */
export type Probe<Event> = (frame: Frame<Event>, event: Event, mark: Mark) => void

/** A slot with gates and what looks for them. */
export interface ProbedSlot<Event> {
  readonly slot: number
  readonly read: Slot<Event>
  readonly index: FieldIndex
  /** Whether only its address is looked up: then no text need be made of it. */
  readonly isAddress: boolean
}

/** The probe as straight code, so that each reader has a call of its own. */
export function generateProbe<Event>(slots: readonly ProbedSlot<Event>[]): Probe<Event> {
  const constants: unknown[] = []
  const constant = (value: unknown) => `k[${constants.push(value) - 1}]`
  const names = slots.map(({ read, index }, number) => {
    return `const r${number}=${constant(read)},f${number}=${constant(index)};`
  })
  const steps = slots.map(({ slot, isAddress }, number) => {
    if (isAddress) return `f${number}.findAddress(S.family(${slot}),S.words,${slot * 4},C);`
    const store = `V[${slot}]=v;L[${slot}]=stamp`
    return `v=r${number}(event);${store};if(v!==void 0)f${number}.find(v,C);`
  })
  const head = 'let v;const V=S.values,L=S.read,stamp=S.stamp;'
  const code = `'use strict';${names.join('')}\nreturn (S,event,C)=>{${head}${steps.join('\n')}}`
  return new Function('k', code)(constants) as Probe<Event>
}

/** The same as a loop. */
export function loopProbe<Event>(slots: readonly ProbedSlot<Event>[]): Probe<Event> {
  return (frame, _, mark) => {
    for (const { slot, index, isAddress } of slots) {
      if (isAddress) index.findAddress(frame.family(slot), frame.words, slot * 4, mark)
      else index.find(frame.value(slot), mark)
    }
  }
}
