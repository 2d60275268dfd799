/** Something wrong in a value: where, whether the key or its value is meant, and the sentence. */
export interface Complaint {
  readonly path: readonly string[]
  readonly part: 'key' | 'value'
  readonly message: string
}

/** One thing wrong in a file: where (1-based) and a message for people. */
export interface Fault {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** `file:line:column: message`, as editors and terminals link it. */
export function faultLine({ file, line, column, message }: Fault): string {
  return `${file}:${line}:${column}: ${message}`
}
