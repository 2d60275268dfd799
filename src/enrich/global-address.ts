/** IPv4 blocks of the special-purpose registry (RFC 6890) and multicast: first address, prefix. */
const special4 = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 3],
] as const

const firsts = Int32Array.from(special4, ([first]) => first)
const masks = Int32Array.from(special4, ([, length]) => -1 << (32 - length))

/** For each first octet: 0 when all of it is global, 1 when none is, 2 when one must look. */
const octets = Uint8Array.from({ length: 256 }, (_, octet) => {
  const blocks = special4.filter(([first, length]) => {
    const bits = Math.min(8, length)
    return octet >>> (8 - bits) === first >>> (32 - bits)
  })
  if (blocks.length === 0) return 0
  return blocks.some(([, length]) => length <= 8) ? 1 : 2
})

/** Whether an address (words in network order) is routed in the internet, so that it is somewhere. */
export function isGlobal(family: number, word0: number): boolean {
  if (family === 4) return isGlobal4(word0)
  // RFC 4291 2.4: 2000::/3 is what is given out.
  if (family !== 6 || word0 >>> 29 !== 1) return false
  if (word0 >>> 16 === 0x2002) return false // RFC 3056: 6to4 is where its IPv4 address is
  if (word0 >>> 9 === 0x20010000 >>> 9) return false // RFC 2928: Teredo, benchmarks, ORCHID
  if (word0 >>> 12 === 0x3fff0000 >>> 12) return false // RFC 9637: documentation
  return word0 !== 0x20010db8 // RFC 3849: documentation
}

function isGlobal4(word: number): boolean {
  const kind = octets[word >>> 24]
  if (kind !== 2) return kind === 0
  for (let index = 0; index < firsts.length; index++) {
    if (((word ^ (firsts[index] ?? 0)) & (masks[index] ?? 0)) === 0) return false
  }
  return true
}
