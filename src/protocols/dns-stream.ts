import { u16 } from './dns-name.ts'

const MAX_MESSAGES = 64

/**
 * Finds the messages of a TCP or TLS stream (RFC 1035 4.2.2: each behind two octets of length) in
 * `bytes[start, end)` and calls `found` with the range of each; `cut` is true for one that the bytes
 * do not hold whole. Returns where the next message starts, which is beyond `end` after a cut one.
 * Looks at 64 messages in one call.
 */
export function splitDnsStream(
  bytes: Uint8Array,
  start: number,
  end: number,
  found: (from: number, to: number, cut: boolean) => void,
): number {
  const stop = Math.min(end, bytes.length)
  let at = Math.max(start, 0)
  for (let i = 0; i < MAX_MESSAGES && at + 2 < stop; i++) {
    const from = at + 2
    at = from + u16(bytes, at)
    found(from, Math.min(at, stop), at > stop)
  }
  return at
}
