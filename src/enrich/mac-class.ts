import { isGroupAddress, sharedBy } from './vendor.ts'

/**
 * True for a MAC address (two numbers of 24 bits) that one network card can have: not a group, not
 * all zeros, not one that routers share and that moves from one to the other.
 */
export function isStation(high: number, low: number): boolean {
  return !isGroupAddress(high) && (high | low) !== 0 && sharedBy(high, low) === undefined
}
