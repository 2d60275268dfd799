import { Random } from './random.ts'

const ports = [
  21, 22, 23, 25, 80, 110, 135, 139, 143, 389, 443, 445, 1433, 3306, 3389, 5432, 5900, 8080, 8443,
]
const types = ['A', 'AAAA', 'TXT', 'MX', 'NULL', 'CNAME', 'PTR']

/** Texts of so many rules: 45 % DNS, 20 % TLS, 35 % flows, of the forms that public rules have. */
export function ruleTexts(count: number, seed = 1): string[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, index) => rule(random, index))
}

function rule(random: Random, index: number): string {
  const kind = random.next()
  const [service, detection] =
    kind < 0.45
      ? ['dns', dns(random)]
      : kind < 0.65
        ? ['tls', tls(random)]
        : ['connection', flow(random)]
  return `title: rule ${index}
id: 00000000-0000-4000-8000-${String(index).padStart(12, '0')}
taxonomy: ecs
status: test
level: medium
tags: [attack.command-and-control, attack.t1071.004]
logsource: {category: network, service: ${service}}
detection:
${detection}
`
}

function dns(random: Random): string {
  const form = random.next()
  if (form < 0.35)
    return one(`dns.question.name|endswith: ${list(random, () => `.${domain(random)}`, 6)}`)
  if (form < 0.55)
    return one(
      `dns.question.name|contains: ${list(random, () => cased(random, random.word(4)), 4)}`,
    )
  if (form < 0.65) return one(`dns.question.name: ${list(random, () => domain(random), 5)}`)
  if (form < 0.75) {
    return `    a: {dns.question.type: ${random.of(types)}}\n    b: {dns.question.name|contains: '${random.word(3)}'}\n    condition: a and b`
  }
  if (form < 0.8)
    return one(
      `dns.question.name|re: '^[a-z0-9]{${10 + random.below(30)},}\\.${random.word(3)}\\.'`,
    )
  if (form < 0.9) {
    return `    a: {dns.question.name|startswith: '${random.word(3)}'}\n    f: {dns.question.name|endswith: ['.${domain(random)}', '.arpa', '.local']}\n    condition: a and not f`
  }
  return `    a: {dns.resolved_ip|cidr: ${list(random, () => network(random), 3)}}\n    condition: a`
}

function tls(random: Random): string {
  const form = random.next()
  if (form < 0.35)
    return one(`tls.client.server_name|endswith: ${list(random, () => `.${domain(random)}`, 5)}`)
  if (form < 0.6) return one(`tls.client.ja3: ${list(random, () => random.hex(32), 3)}`)
  if (form < 0.75) return one(`orthrus.tls.ja4|startswith: t13d${random.hex(4)}`)
  if (form < 0.9) {
    return `    a: {tls.client.server_name|contains: '${random.word(4)}', destination.port: ${port(random)}}\n    f: {destination.ip|cidr: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}\n    condition: a and not f`
  }
  return one(`tls.next_protocol: ${random.word(2)}`)
}

function flow(random: Random): string {
  const form = random.next()
  if (form < 0.3) return one(`destination.ip|cidr: ${list(random, () => network(random), 4)}`)
  if (form < 0.6) {
    return `    a: {destination.port: ${port(random)}, source.bytes|gte: ${1000 * random.below(1e6)}}\n    f: {destination.ip|cidr: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}\n    condition: a and not f`
  }
  if (form < 0.75) {
    return `    a: {destination.port: [${port(random)}, ${port(random)}], network.direction: inbound}\n    b: {source.ip|cidr: '${network(random)}'}\n    condition: a and b`
  }
  if (form < 0.9) return one(`destination.ip: ${list(random, () => address(random), 4)}`)
  return one(`destination.domain|endswith: ${list(random, () => `.${domain(random)}`, 4)}`)
}

function one(item: string): string {
  return `    a: {${item}}\n    condition: a`
}

function list(random: Random, make: () => string, most: number): string {
  return `[${Array.from({ length: 1 + random.below(most) }, () => `'${make()}'`).join(', ')}]`
}

function cased(random: Random, text: string): string {
  return random.chance(0.2) ? text.toUpperCase() : text
}

/** Some names are known to many rules and seen in many events. */
const wellKnown = names(new Random(7), 4000)

function names(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => freshDomain(random))
}

export function domain(random: Random): string {
  // The square makes the first of them far more common than the last.
  return random.chance(0.3)
    ? (wellKnown[Math.floor(random.next() ** 2 * wellKnown.length)] ?? '')
    : freshDomain(random)
}

function freshDomain(random: Random): string {
  return `${random.word(2 + random.below(3))}.${random.of(['com', 'net', 'org', 'test', 'io', 'top', 'xyz'])}`
}

export function address(random: Random): string {
  return `${1 + random.below(222)}.${random.below(256)}.${random.below(256)}.${random.below(256)}`
}

export function port(random: Random): number {
  return random.chance(0.4) ? random.of(ports) : 1024 + random.below(60_000)
}

function network(random: Random): string {
  const [a, b, c] = [1 + random.below(222), random.below(256), random.below(256)]
  return random.of([
    `${a}.${b}.0.0/16`,
    `${a}.${b}.${c}.0/24`,
    `${a}.${b}.${c}.${random.below(256)}/32`,
    `2001:db8:${random.hex(4).replace(/^0+/, '') || '1'}::/48`,
  ])
}
