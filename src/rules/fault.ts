import { type Fault } from '../config/fault.ts'
import { type Source } from './yaml/node.ts'

/** What is wrong in a rule file; an error keeps its rule from running, a warning does not. */
export interface RuleFault extends Fault {
  readonly severity: 'error' | 'warning'
}

/** Collects the faults of one document, in the order in which they are found. */
export class Faults {
  readonly list: RuleFault[] = []
  readonly source: Source

  constructor(source: Source) {
    this.source = source
  }

  /** Whether one of them is an error. */
  get fatal(): boolean {
    return this.list.some(({ severity }) => severity === 'error')
  }

  error(offset: number, message: string): undefined {
    this.#add('error', offset, message)
  }

  warn(offset: number, message: string): undefined {
    this.#add('warning', offset, message)
  }

  #add(severity: RuleFault['severity'], offset: number, message: string): void {
    // A hostile file has as many faults as it likes; people read the first ones.
    if (this.list.length >= mostFaults) return
    const { file } = this.source
    this.list.push({ file, ...this.source.place(offset), message, severity })
  }
}

const mostFaults = 100

/** The text in backquotes, cut to what a line can hold. */
export function quote(text: string): string {
  const line = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return `\`${line}\``
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
