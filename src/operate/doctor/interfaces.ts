import { type Interface } from '../../capture/interfaces.ts'
import { readOffloads } from '../../capture/offloads.ts'
import { missingNames, selectInterfaces } from '../../capture/select.ts'
import { type Network, networkNow } from '../../capture/watch.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** The interfaces that `wanted` selects, and their offloads that change what the sensor sees. */
export function checkInterfaces(wanted: readonly string[], network = networkNow()): Check[] {
  const chosen = selectInterfaces(wanted, network.interfaces, network.routes)
  const checks = [...checkMissing(wanted, network), ...chosen.flatMap(checkOne)]
  if (chosen.length > 0) return checks
  return [...checks, fail('interfaces', `none matches ${wanted.join(', ')}`, 'ip link')]
}

function checkMissing(wanted: readonly string[], { interfaces }: Network): Check[] {
  const other = interfaces.filter(({ name, link }) => link === 'other' && wanted.includes(name))
  return [
    ...missingNames(wanted, interfaces).map(name =>
      warn('interfaces', `\`${name}\` does not exist (yet)`, 'ip link'),
    ),
    ...other.map(({ name, type }) =>
      fail('interfaces', `\`${name}\` has frames of a kind we cannot read (${type})`, 'ip link'),
    ),
  ]
}

function checkOne(one: Interface): Check[] {
  const { name, up, link, addresses } = one
  const framing = link === 'l2' ? 'Ethernet frames' : 'IP packets without Ethernet header'
  const where = addresses.length === 0 ? 'no address' : addresses.join(', ')
  const state = up
    ? ok('interfaces', `\`${name}\`: ${framing}, ${where}`)
    : warn('interfaces', `\`${name}\` is down`, `ip link set ${name} up`)
  return [state, ...checkOffloads(name)]
}

/** GRO merges packets and says how many there were; LRO, which is older, loses that and more. */
function checkOffloads(name: string): Check[] {
  const { lro, gro } = readOffloads(name)
  const checks: Check[] = []
  if (lro === true) {
    const message = `\`${name}\` merges packets in hardware (LRO): headers are lost, counts too low`
    checks.push(warn('offloads', message, `ethtool -K ${name} lro off`))
  }
  if (gro === true) {
    const message = `\`${name}\` merges packets (GRO): counted as the packets they were`
    checks.push(ok('offloads', message))
  }
  return checks
}
