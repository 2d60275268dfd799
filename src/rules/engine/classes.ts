/**
 * Characters of literals numbered from 1, both cases of an ASCII letter alike; 0 is every other one.
 * Above ASCII, characters share numbers: tables may find too much, never too little.
 */
export class CharacterClasses {
  readonly of = new Uint8Array(256)
  #count = 1

  constructor(literals: Iterable<string>) {
    for (const literal of literals) {
      for (let index = 0; index < literal.length; index++)
        this.#add(cell(literal.charCodeAt(index)))
    }
  }

  /** How many there are, 0 included. */
  get count(): number {
    return this.#count
  }

  get(code: number): number {
    return this.of[cell(code)] ?? 0
  }

  #add(at: number): void {
    if (this.of[at] !== 0) return
    this.of[at] = this.#count++
    const other = at >= 0x61 && at <= 0x7a ? at - 32 : at >= 0x41 && at <= 0x5a ? at + 32 : at
    this.of[other] = this.of[at] ?? 0
  }
}

export function cell(code: number): number {
  return code < 128 ? code : 128 | (code & 127)
}
