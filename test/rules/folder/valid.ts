import { Random } from '../../../bench/lib/random.ts'

/** Logsources of the public repository, most of which no network sensor sees. */
const logsources = [
  'category: process_creation\n    product: windows',
  'category: process_creation\n    product: linux',
  'category: file_event\n    product: windows',
  'category: registry_set\n    product: windows',
  'category: image_load\n    product: windows',
  'category: ps_script\n    product: windows\n    definition: "Requirements: Script Block Logging"',
  'category: network_connection\n    product: windows',
  'category: network_connection\n    product: linux',
  'category: dns_query\n    product: windows',
  'category: dns',
  'category: proxy',
  'category: webserver',
  'category: firewall',
  'category: antivirus',
  'category: application\n    product: kubernetes\n    service: audit',
  'product: windows\n    service: security',
  'product: windows\n    service: system',
  'product: windows\n    service: dns-server',
  'product: aws\n    service: cloudtrail',
  'product: azure\n    service: signinlogs',
  'product: gcp\n    service: gcp.audit',
  'product: m365\n    service: threat_management',
  'product: okta\n    service: okta',
  'product: zeek\n    service: dns',
  'product: zeek\n    service: http',
  'product: zeek\n    service: smb_files',
  'product: zeek\n    service: x509',
  'product: cisco\n    service: aaa',
  'product: fortios\n    service: event',
  'product: linux\n    service: auditd',
  'product: macos\n    category: process_creation',
  'service: apache',
]

const fields = [
  'Image',
  'CommandLine',
  'ParentImage',
  'TargetFilename',
  'TargetObject',
  'QueryName',
  'query',
  'c-uri',
  'cs-method',
  'c-useragent',
  'DestinationHostname',
  'DestinationIp',
  'DestinationPort',
  'EventID',
  'userIdentity.type',
  'requestParameters.a.b',
  'Provider_Name',
  'Hashes',
  'field with spaces',
  'a-b_c.d',
]

/** Logsources with all their fields of a network sensor: most of such rules run. */
const network: readonly (readonly [string, readonly string[]])[] = [
  ['category: dns', ['query', 'record_type', 'src_ip', 'dst_port', 'answer']],
  ['category: proxy', ['c-uri', 'cs-method', 'c-useragent', 'cs-host', 'sc-status']],
  ['category: webserver', ['cs-uri-query', 'cs-method', 'sc-status', 'cs-referer']],
  ['category: firewall', ['dst_ip', 'dst_port', 'src_ip', 'src_port']],
]

/** Random choices of one rule, which speaks of these fields. */
class Choices extends Random {
  readonly names: readonly string[]

  constructor(seed: number, names: readonly string[]) {
    super(seed)
    this.names = names
  }
}

const words = [
  '\\powershell.exe',
  'C:\\Windows\\System32\\',
  ' -enc ',
  '*.evil.test',
  'a?c',
  'http://x.test/?q=1',
  'DROP TABLE --',
  "it''s",
  'größe',
  '日本語',
  '\\\\\\\\server\\\\share',
  '%APPDATA%',
  '{0}',
  '[System.Net]',
  'key: value',
  '# no comment',
  '$ENV:a',
  '&& whoami',
  '| iex',
  '',
]

/** `field|modifiers: value`, one of each kind that Sigma has. */
const items: readonly ((random: Choices) => string)[] = [
  r => `${key(r)}: ${value(r)}`,
  r => `${key(r, '|contains')}: ${value(r)}`,
  r => `${key(r, '|startswith')}: ${value(r)}`,
  r => list(key(r, '|endswith'), r),
  r => list(key(r, '|contains|all'), r),
  r => list(key(r, r.of(['', '|cased', '|neq', '|contains|cased'])), r),
  r => list(key(r, r.of(['|windash|contains|all', '|contains|windash'])), r),
  r => `${key(r, '|base64offset|contains')}: '${r.word(3)}'`,
  r =>
    `${key(r, r.of(['|utf16le', '|wide', '|utf16be', '|utf16']))}|base64offset|contains: '${r.word(3)}'`,
  r => `${key(r, '|base64')}: '${r.word(4)}'`,
  r => `${key(r, r.of(['|re', '|re|i', '|re|m|s']))}: '${r.of(regexes)}'`,
  r =>
    `${key(r, '|cidr')}: '${r.of(['10.0.0.0/8', '192.168.0.0/16', '::1/128', 'fe80::/10', 'fc00::/7'])}'`,
  r => `${key(r, r.of(['|lt', '|lte', '|gt', '|gte']))}: ${r.below(70_000) - 10}`,
  r =>
    `${key(r, r.of(['|minute', '|hour', '|day', '|week', '|month', '|year']))}: ${1 + r.below(12)}`,
  r => `${key(r, '|hour|gte')}: ${r.below(24)}`,
  r => `${key(r, '|exists')}: ${r.of(['true', 'false'])}`,
  r =>
    `${key(r, r.of(['|fieldref', '|fieldref|startswith', '|fieldref|contains']))}: ${r.of(['User', 'a.b.c'])}`,
  r => `${key(r, '|expand')}: '%known%'`,
  r => `${key(r)}: null`,
  r => `${key(r)}:`,
  r => `${key(r)}: ''`,
  r =>
    `${key(r)}: [${r.below(65_536)}, '${r.below(99)}', ${r.next().toFixed(2)}, 12345678901234567890]`,
  r => `${key(r)}: [${r.of(['1', "'a'"])}, null]`,
  r => `${key(r)}: []`,
  r => `${key(r)}: ${r.of(['true', 'False', '0x1F', '1e3', '.5', '~', '2024-01-01', 'yes'])}`,
]

const regexes = [
  '^[a-z0-9]{12,}\\.(?:test|example)$',
  '(?i)foo.*bar',
  '\\\\Users\\\\[^\\\\]+\\\\',
  '[\\w-]{3,8}\\d+',
  '(a|b)+c',
  '\\x41[[:alpha:]]\\z',
]

function key(random: Choices, modifiers = ''): string {
  return `${random.of(random.names)}${modifiers}`
}

function value(random: Choices): string {
  return random.chance(0.2) ? String(random.below(9999)) : quoted(random)
}

function quoted(random: Choices): string {
  return `'${random.of(words)}${random.word(2)}'`
}

function list(name: string, random: Choices): string {
  const values = Array.from(
    { length: 2 + random.below(5) },
    () => `\n            - ${value(random)}`,
  )
  return `${name}:${values.join('')}`
}

const conditions = [
  'selection',
  'all of selection*',
  '1 of selection*',
  'any of them',
  'selection and not 1 of filter_*',
  'selection and not (filter_main_a or filter_main_b)',
  'all of selection* and not 1 of filter_main_* and not 1 of filter_optional_*',
  '(selection or keywords) and not filter_main_a',
  'not filter_main_a and selection',
]

/** A rule in the form of the public repository, with every kind of item in it here or there. */
export function validRule(source: Random, number: number): string {
  const [logsource, names] = source.chance(0.35)
    ? source.of(network)
    : [source.of(logsources), fields]
  const random = new Choices(source.below(2 ** 31), names)
  const condition = random.of(conditions)
  const selections = [
    'selection',
    'selection_two',
    'filter_main_a',
    'filter_main_b',
    'filter_optional_c',
  ]
  return `title: Suspicious ${random.word(3)} Activity ${number}
id: ${id(number)}
related:
    - id: ${random.hex(8)}-0000-4000-8000-000000000000
      type: ${random.of(['derived', 'similar', 'obsoletes', 'merged'])}
status: ${random.of(['stable', 'test', 'experimental', 'deprecated', 'unsupported'])}
description: ${random.of(descriptions)}
references:
    - https://example.test/${random.word(4)}#a
author: '@${random.word(2)} (${random.word(3)}), Größe'
date: 2024-0${1 + random.below(9)}-1${random.below(9)}
modified: 2025/01/02
tags:
    - attack.${random.of(['execution', 'defense-evasion', 'stealth', 't1059.001', 's0002', 'g0016'])}
    - detection.emerging-threats
logsource:
    ${logsource}
detection:
${selections.map(name => selection(name, random)).join('')}    keywords:
        - 'evil'
        - ${random.below(100)}
    condition: ${condition}
falsepositives:
    - ${random.of(['Unknown', "'Legitimate: software'", "Admin's script"])}
level: ${random.of(['informational', 'low', 'medium', 'high', 'critical'])}
${random.chance(0.1) ? 'regression_tests_path: regression_data/info.yml\n' : ''}${random.chance(0.1) ? 'simulation:\n    - type: atomic-red-team\n      name: x\n' : ''}`
}

export function id(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

const descriptions = [
  'Detects something',
  '|\n    Detects something.\n    On two lines: with a colon.\n\n    And a third.',
  '>\n    Detects\n      something\n    folded.',
  'Detects something that is\n    described on two lines',
  "'Detects: it''s quoted'",
  '"Detects \\"this\\"\\t\\u00e9"',
  '&d Detects',
]

function selection(name: string, random: Choices): string {
  const own = () => {
    const all = Array.from({ length: 1 + random.below(3) }, () => random.of(items)(random))
    const keys = new Map(all.map(item => [item.slice(0, item.indexOf(':')), item]))
    return [...keys.values()]
  }
  if (random.chance(0.8))
    return `    ${name}:\n${own()
      .map(item => `        ${item}\n`)
      .join('')}`
  const maps = Array.from({ length: 2 }, () =>
    own()
      .map(item => item.replaceAll('\n  ', '\n    '))
      .join('\n          '),
  )
  return `    ${name}:\n${maps.map(map => `        - ${map}\n`).join('')}`
}

/** Correlations over rules by id, of every type. */
export function correlation(random: Random, number: number, targets: readonly number[]): string {
  const type = random.of(Object.keys(correlations) as (keyof typeof correlations)[])
  return `title: Correlation ${number}
id: ${id(number)}
status: test
correlation:
    type: ${type}
    rules:
${targets.map(target => `        - ${id(target)}\n`).join('')}    group-by:
        - ${random.of(['User', 'source.ip', 'DestinationIp'])}
    timespan: ${1 + random.below(50)}${random.of(['s', 'm', 'h', 'd', 'w', 'M', 'y'])}
${correlations[type]}level: high
${random.chance(0.3) ? 'generate: true\n' : ''}`
}

const correlations = {
  event_count: '    condition:\n        gte: 10\n',
  value_count: '    condition:\n        field: User\n        gt: 3\n        lte: 100\n',
  temporal: '',
  temporal_ordered: '',
  value_sum: '    condition:\n        field: bytes\n        gte: 1000000\n',
  value_avg: '    condition: {field: bytes, lt: 5.5}\n',
  value_percentile: '    condition: {field: bytes, percentile: 95, gte: 10}\n',
  value_median: '    condition: {field: bytes, neq: 3}\n',
}

/** A filter on a rule, or on all of a logsource. */
export function filter(random: Random, number: number, target: number): string {
  return `title: Filter ${number}
id: ${id(number)}
logsource:
    ${random.of(logsources)}
filter:
    rules: ${random.chance(0.5) ? 'any' : `\n        - ${id(target)}`}
    selection:
        src_ip|cidr: 10.0.0.0/8
    condition: not selection
`
}
