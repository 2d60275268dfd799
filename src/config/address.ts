import { isIP } from 'node:net'

/** Why a text is no network in CIDR notation, or `undefined` when it is one. A bare address is one. */
export function networkFault(text: string): string | undefined {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || more.length > 0) return 'is not a network'
  if (prefix === undefined) return undefined
  const most = version === 4 ? 32 : 128
  if (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most) return undefined
  return `has a prefix length that is not 0 to ${most}`
}
