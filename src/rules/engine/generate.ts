import { Emitter } from './emit.ts'
import { type Parted } from './event-classes.ts'
import { type FrameTest } from './leaf.ts'
import { type Node } from './node.ts'

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

/** A function for each rule, made as code. What the event's class says is asked where it is not sure. */
export function generateTests(
  parted: readonly Parted[],
  isShared: (node: Node) => boolean,
  isKeywords: (slot: number) => boolean,
): FrameTest[] {
  const pieces: FrameTest[][] = []
  for (let from = 0; from < parted.length; from += rulesAPiece) {
    const emitter = new Emitter(isShared, isKeywords)
    const rules = parted.slice(from, from + rulesAPiece).map(({ ofClass, rest }) => {
      const asked = ofClass.map(leaf => `(S.isSure||${emitter.node(leaf)})&&`)
      return `S=>{let t;return ${asked.join('')}${emitter.node(rest)}}`
    })
    const code = `'use strict';${emitter.functions.join('\n')}\nreturn [${rules.join(',\n')}]`
    pieces.push(new Function('k', code)(emitter.constants) as FrameTest[])
  }
  return pieces.flat()
}
