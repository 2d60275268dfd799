const dot = 0x2e

/** An IPv4 address as a signed word; undefined for all else, an odd spelling included. */
export function parseIpv4(text: string): number | undefined {
  if (text.length < 7 || text.length > 15) return undefined
  let word = 0
  let part = none
  let dots = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === dot) {
      word = (word << 8) | part
      dots += part === none ? 4 : 1
      part = none
    } else part = grown(part, code - 0x30)
    if (part === wrong) return undefined
  }
  return dots === 3 && part !== none ? (word << 8) | part : undefined
}

const none = -1
const wrong = 256

/** A leading zero is another base to some: no address. */
function grown(part: number, digit: number): number {
  if (digit < 0 || digit > 9 || part === 0) return wrong
  return part === none ? digit : Math.min(part * 10 + digit, wrong)
}
