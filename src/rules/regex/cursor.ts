import { RegexError } from './tree.ts'

/** Reads a regex code point by code point. */
export class Cursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get done(): boolean {
    return this.at >= this.text.length
  }

  /** The next character without taking it, `''` at the end. */
  peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead)
  }

  /** Takes the next code point. */
  take(): number {
    const code = this.text.codePointAt(this.at)
    if (code === undefined) throw new RegexError('ends too early', this.at)
    this.at += code > 0xffff ? 2 : 1
    return code
  }

  /** Takes `text` if it is next. */
  skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  /** Takes what the sticky pattern finds here. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) return undefined
    this.at += found[0].length
    return found
  }

  fail(message: string, at = this.at): never {
    throw new RegexError(message, at)
  }
}
