import { IpAddress } from '../../decode/address.ts'
import { type CidrMatch } from '../ast.ts'
import { type FieldValue } from '../fields.ts'
import { mask } from '../network.ts'

/** A test whether a text is an address in the network; `::ffff:a.b.c.d` counts as `a.b.c.d`. */
export function cidrTest({ family, words, prefix }: CidrMatch): (value: FieldValue) => boolean {
  const masks = [0, 1, 2, 3].map(index => mask(prefix, index))
  const [m0 = 0, m1 = 0, m2 = 0, m3 = 0] = masks
  const [w0, w1, w2, w3] = words
  return value => {
    const address = typeof value === 'string' ? addressOf(value) : undefined
    if (address === undefined || address.family !== family) return false
    const first = (address.word0 & m0) === w0
    if (family === 4 || !first) return first
    return (address.word1 & m1) === w1 && (address.word2 & m2) === w2 && (address.word3 & m3) === w3
  }
}

/** An address of a text, IPv4 where it is one inside IPv6. */
export function addressOf(text: string): IpAddress | undefined {
  const address = IpAddress.parse(text)
  if (address === undefined || address.family === 4) return address
  const { word0, word1, word2, word3 } = address
  const mapped = word0 === 0 && word1 === 0 && word2 === 0xffff
  return mapped ? new IpAddress(4, word3, 0, 0, 0) : address
}
