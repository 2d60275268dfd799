import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/decode/address.ts'
import { type FieldReader } from '../../../src/rules/fields.ts'
import { ipAddresses } from '../../../src/rules/slots/addresses.ts'
import { compileCase } from '../case.ts'
import { engines } from './engines.ts'

/** What an event has for `destination.ip`, as packets have it. */
interface End {
  readonly packet: {
    readonly family: number
    readonly destination0: number
    readonly destination1: number
    readonly destination2: number
    readonly destination3: number
  }
}

const addresses = [
  '10.0.0.1',
  '10.0.0.2',
  '9.255.255.255',
  '10.255.255.255',
  '11.0.0.0',
  '0.0.0.0',
  '255.255.255.255',
  '127.255.255.255',
  '128.0.0.0',
  '198.51.100.7',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:198.51.100.7',
  '2001:db8::1',
  '2001:db8:0:1::',
  '2000:ffff::1',
  '2002::',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]
const values = [
  '10.0.0.1',
  '010.0.0.1',
  '::ffff:10.0.0.1',
  '2001:DB8::1',
  '2001:db8:0:0:0:0:0:1',
  'printer',
  '',
  '0.0.0.0',
  '::',
  '255.255.255.255',
  '::FFFF:198.51.100.7',
]
const networks = [
  '10.0.0.0/8',
  '10.0.0.0/31',
  '0.0.0.0/0',
  '0.0.0.0/1',
  '128.0.0.0/1',
  '198.51.100.7/32',
  '255.255.255.255/32',
  '::/0',
  '::/128',
  '2001:db8::/48',
  '2001::/16',
  'fe00::/7',
  '::ffff:10.0.0.0/104',
]
const rest = [
  '{destination.ip|exists: true}',
  '{destination.ip|exists: false}',
  '{destination.ip: null}',
  "{destination.ip: ['10.0.0.1', '10.0.0.2', '::1']}",
  "{destination.ip|cidr: ['10.0.0.0/8', '2001:db8::/32']}",
]
const parts = ["{destination.ip|startswith: '10.'}", "{destination.ip|contains: 'db8'}"]

test.each([
  ['addresses alone', rest],
  ['addresses and parts of their texts', [...rest, ...parts]],
])('%s are found by all engines alike', (_, others) => {
  const selections = [
    ...values.map(value => `{destination.ip: '${value}'}`),
    ...networks.map(network => `{destination.ip|cidr: '${network}'}`),
    ...others,
  ]
  const { programs, faults } = compileCase({
    clause: '',
    name: '',
    rule: selections.map(ruleOf).join('---\n'),
    bare: true,
  })
  expect(faults).toEqual([])
  const matchers = Object.values(engines).map(make => make(programs, () => reader))
  let matches = 0
  for (const event of [undefined, ...addresses].map(endOf)) {
    const [wanted = [], ...found] = matchers.map(matcher => {
      const numbers: number[] = []
      matcher.match('flow', event, program => numbers.push(programs.indexOf(program)))
      return numbers
    })
    matches += wanted.length
    for (const one of found) expect(one).toEqual(wanted)
  }
  expect(matches).toBeGreaterThan(60)
})

const reader: FieldReader<End> = {
  slotOf: field => (field === 'destination.ip' ? ({ packet }) => addressText(packet) : undefined),
  addressOf: field => {
    const read = ipAddresses[field]
    return read && ((event, words, at) => read(event as never, words, at))
  },
  texts: () => [],
}

function addressText({
  family,
  destination0,
  destination1,
  destination2,
  destination3,
}: End['packet']) {
  if (family !== 4 && family !== 6) return undefined
  return new IpAddress(family, destination0, destination1, destination2, destination3).text
}

function endOf(text: string | undefined): End {
  const address = text === undefined ? undefined : IpAddress.parse(text)
  return {
    packet: {
      family: address?.family ?? 0,
      destination0: address?.word0 ?? 0,
      destination1: address?.word1 ?? 0,
      destination2: address?.word2 ?? 0,
      destination3: address?.word3 ?? 0,
    },
  }
}

function ruleOf(selection: string, number: number): string {
  return `title: rule ${number}
logsource: {category: network, service: connection}
detection:
  selection: ${selection}
  condition: selection
`
}
