/** Texts of each of two generations, and the length of those that are not kept. */
const mostTexts = 4096
const longest = 256

/** The last few thousand texts in which a table found nothing: names come again and again. */
export class Barren {
  #recent = new Set<string>()
  #older = new Set<string>()

  has(text: string): boolean {
    return this.#recent.has(text) || this.#older.has(text)
  }

  add(text: string): void {
    if (text.length > longest) return
    if (this.#recent.size >= mostTexts) {
      this.#older = this.#recent
      this.#recent = new Set()
    }
    this.#recent.add(text)
  }
}
