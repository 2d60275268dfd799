/** Bits of the TCP flags byte (RFC 9293 3.1). */
export const tcpFlag = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
} as const

const bits = Object.entries(tcpFlag)
const names = Array.from({ length: 256 }, (_, flags) =>
  bits.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name),
)

/** The names of the flags that are set, lowest bit first: `['fin', 'syn', 'ack']`. */
export function tcpFlagNames(flags: number): readonly string[] {
  return names[flags & 255] ?? []
}

/** The flags as tcpdump-like letters, `FSRPAUEC` at most; empty for none. */
export function tcpFlagLetters(flags: number): string {
  return tcpFlagNames(flags)
    .map(name => name.charAt(0).toUpperCase())
    .join('')
}
