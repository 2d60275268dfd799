const newline = 10
const space = 32
const hash = 35
const dash = 45
const dot = 46

/** A place in a text that is read line by line. */
export class Cursor {
  readonly text: string
  /** What is read next. */
  at = 0
  /** Column of the content of this line; -1 at the end of a document. */
  indent = -1
  /** Nodes that were made. */
  nodes = 0
  readonly #lineStart: (offset: number) => void

  /** `lineStart` is told where each line begins, in order. */
  constructor(text: string, lineStart: (offset: number) => void) {
    this.text = text
    this.#lineStart = lineStart
  }

  /** The character code `ahead` of the cursor; NaN behind the end. */
  code(ahead = 0): number {
    return this.text.charCodeAt(this.at + ahead)
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === space) this.at++
  }

  /** Whether only a comment, or nothing, is left of the line. The cursor must stand behind a space or value. */
  isLineOver(): boolean {
    const code = this.code()
    if (code === newline || Number.isNaN(code)) return true
    return code === hash && this.text.charCodeAt(this.at - 1) === space
  }

  /** Whether a space or the end of the line is so far ahead. */
  isGap(ahead: number): boolean {
    const code = this.code(ahead)
    return code === space || code === newline || Number.isNaN(code)
  }

  /** The offset behind this line. */
  lineEnd(): number {
    const end = this.text.indexOf('\n', this.at)
    return end < 0 ? this.text.length : end
  }

  /** Goes to the content of the next line that has some, or of this one when at its start. */
  nextLine(): void {
    this.at = this.lineEnd() + 1
    this.findContent()
  }

  /** From the start of a line to the content of the first that has some. */
  findContent(): void {
    const { text } = this
    for (; this.at < text.length; this.at = this.lineEnd() + 1) {
      const start = this.at
      this.#lineStart(start)
      this.skipSpaces()
      const code = this.code()
      if (code === newline || code === hash) continue
      if (Number.isNaN(code)) break
      this.indent = this.at === start && this.isMarker() ? -1 : this.at - start
      return
    }
    this.at = text.length
    this.indent = -1
  }

  /** A line that is passed over as part of a text. */
  passLine(): void {
    this.#lineStart(this.at)
    this.at = this.lineEnd() + 1
  }

  /** `---` or `...` at the start of a line. */
  isMarker(): boolean {
    const code = this.code()
    if (code !== dash && code !== dot) return false
    return this.code(1) === code && this.code(2) === code && this.isGap(3)
  }
}
