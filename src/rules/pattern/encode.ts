/** `utf16le`, `utf16be` and `utf16` (little endian after a byte order mark), or UTF-8. */
export type Encoding = 'utf8' | 'utf16le' | 'utf16be' | 'utf16'

/** The text in that encoding. */
export function encode(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8')
  const little = Buffer.from(text, 'utf16le')
  if (encoding === 'utf16be') return little.swap16()
  return encoding === 'utf16' ? Buffer.concat([Buffer.from([0xff, 0xfe]), little]) : little
}

/**
 * The three texts one of which stands in the Base64 of anything that holds `bytes`: at each offset
 * modulo 3, without the characters that its neighbours take part in.
 */
export function base64Offsets(bytes: Buffer): string[] {
  return [0, 1, 2].map(offset => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const start = [0, 2, 3][offset] ?? 0
    const end = [0, -3, -2][(bytes.length + offset) % 3] ?? 0
    return text.slice(start, end === 0 ? undefined : end)
  })
}
