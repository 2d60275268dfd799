import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { stateDirectory } from '../../src/config/defaults.ts'
import { readConfig } from '../../src/config/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function written(content: string | Uint8Array): string {
  const file = join(folder, `${++files}.yaml`)
  writeFileSync(file, content)
  return file
}

/** `line:column: message` of each fault of a file with this content. */
function faultsOf(content: string | Uint8Array): string[] {
  return readConfig(written(content)).faults.map(
    ({ line, column, message }) => `${line}:${column}: ${message}`,
  )
}

describe('a configuration without faults', () => {
  test('has every default when there is no file', () => {
    const { config, faults } = readConfig()
    expect(faults).toEqual([])
    expect(config).toMatchObject({
      capture: { interfaces: ['auto'], attach: 'auto', flow_table: 131_072 },
      network: { home: [] },
      devices: { learning: '1h' },
      sinks: { console: { type: 'console' } },
      summary: { interval: '60s' },
      log: { level: 'info' },
    })
    expect(config?.state.directory).toBe(stateDirectory())
  })

  test('keeps what it says and fills the rest', () => {
    const { config } = readConfig(
      written('network: {home: [10.0.0.0/8]}\nsinks:\n  mine: {type: file, path: /tmp/a}\n'),
    )
    expect(config?.network.home).toEqual(['10.0.0.0/8'])
    expect(config?.sinks).toMatchObject({ mine: { type: 'file', path: '/tmp/a' } })
    expect(config?.sinks).not.toHaveProperty('console')
    expect(config?.devices.learning).toBe('1h')
  })

  test.each(['# only a comment\n', '---\n', 'capture:\n  # all disabled\nsinks:\n'])(
    'is all defaults: %j',
    content => {
      expect(readConfig(written(content))).toEqual(readConfig())
    },
  )

  test.each([
    ['a byte order mark', '\ufefflog: {level: debug}\n'],
    ['Windows line ends', 'log:\r\n  level: debug\r\n'],
    ['an anchor and its alias', 'log: {level: &l debug}\nstate: {directory: *l}\n'],
  ])('may have %s', (_, content) => {
    expect(readConfig(written(content)).config?.log.level).toBe('debug')
  })

  test('may write 0 for a duration without a unit', () => {
    const { config } = readConfig(written('devices: {learning: 0}\nsummary: {interval: 0}\n'))
    expect(config?.devices.learning).toBe(0)
  })

  test('does not share its defaults with the next one', () => {
    readConfig().config?.network.home.push('10.0.0.0/8')
    expect(readConfig().config?.network.home).toEqual([])
  })
})

describe('the condition of a sink', () => {
  const sink = (...lines: string[]) =>
    [
      'sinks:',
      '  siem:',
      '    type: console',
      '    when:',
      ...lines.map(one => `      ${one}`),
    ].join('\n')

  test.each([
    [
      ['detection: { selection: { source.ip: 10.0.0.1 } }'],
      '5:18: `condition` is missing; name a selection in it',
    ],
    [
      ['detection:', '  selection: { source.ip: 10.0.0.1 }', '  condition: selectoin'],
      '7:20: there is no selection `selectoin`; did you mean `selection`?',
    ],
    [
      ['detection:', '  selection:', '    source.ip|cidrr: 10.0.0.0/8', '  condition: selection'],
      expect.stringMatching(/^7:\d+: .*`cidrr`/),
    ],
    [
      ['detection:', '  one: { a: 1 }', '  two: { a: 2 }', '  condition: one'],
      '7:9: no condition uses the selection `two`',
    ],
    [
      ['detection:', '  one: { a|expand: "%nets%" }', '  condition: one'],
      expect.stringContaining('6:26: no values for the placeholder `%nets%`'),
    ],
  ])('that is wrong is told with its place: %j', (lines, expected) => {
    expect(faultsOf(sink(...lines))).toEqual([expected])
  })

  test('may hold placeholders and every modifier', () => {
    const content = sink(
      'detection:',
      '  nets: { source.ip|cidr|expand: "%nets%" }',
      '  noise: { rule.name|re: "^Test" }',
      '  condition: nets and not noise',
    )
    expect(faultsOf(`${content}\nrules: { placeholders: { nets: [10.0.0.0/8] } }\n`)).toEqual([])
  })
})

describe('every fault is told in one run, where it stands', () => {
  test('with what was found, what is allowed and what was meant', () => {
    const content = [
      'capture:',
      '  interfaces: eth0',
      '  atach: auto',
      '  attach: clsat',
      '  flow_table: 12',
      'network:',
      '  home: [10.0.0.0/8, 10.0.0.0/40, nonsense]',
      'devices:',
      '  learning: 5 minutes',
      'summary:',
      '  interval: 5',
      'sinks:',
      '  console: {type: consol}',
      '  Bad: {type: file}',
      '  f: {type: file}',
      'statee: {}',
      'log: [1]',
      '',
    ]
    expect(faultsOf(content.join('\n'))).toEqual([
      '2:15: `capture.interfaces` must be a list, found `"eth0"`',
      '3:3: unknown key `atach` in `capture`; did you mean `attach`?',
      '4:11: `capture.attach` must be one of auto, tcx, clsact, found `"clsat"`; did you mean `clsact`?',
      '5:15: `capture.flow_table` is out of range, found `12`, allowed are 1024 to 16777216',
      '7:22: `network.home[1]` has a prefix length that is not 0 to 32, found `"10.0.0.0/40"`; write it as 192.0.2.0/24 or 2001:db8::/32',
      '7:35: `network.home[2]` is not a network, found `"nonsense"`; write it as 192.0.2.0/24 or 2001:db8::/32',
      '9:13: `devices.learning` must be a duration such as 30s, 15m, 1h, 7d or 0, found `"5 minutes"`',
      '11:13: `summary.interval` must be a duration such as 30s, 15m, 1h, 7d or 0, found `5`',
      '13:19: `sinks.console.type` must be one of console, file, kafka, slack, syslog, webhook, found `"consol"`; did you mean `console`?',
      '14:3: `Bad` cannot be a name in `sinks`; allowed is ^[a-z][a-z0-9-]{0,31}$',
      '15:3: `sinks.f.path` is missing',
      '16:1: unknown key `statee`; did you mean `state`?',
      '17:6: `log` must be a map, found a list',
    ])
  })

  test.each([
    ['a: 1\na: 2\n', '2:1: this key is in the map already; keep one of the two'],
    ['log:\n\tlevel: x\n', '2:1: a tab cannot indent YAML; use spaces'],
    ['log: {}\n---\nlog: {}\n', '2:1: a second document starts here; one file holds one document'],
    ['log: *nope\n', '1:6: no `&nope` comes before this alias'],
    ['- a\n', '1:1: the file must be a map, found a list'],
    ['just text\n', '1:1: the file must be a map, found `"just text"`'],
    ['devices: {learning: -1}\n', /must be a duration/],
    [
      'devices: {learning: 91d}\n',
      '1:21: `devices.learning` is too long, found `"91d"`, allowed are 0 to 90d',
    ],
    ['log: {level: null}\n', /`log.level` must be one of .*, found nothing/],
    ['log: !!js/function x\n', /not valid YAML: unresolved tag/],
    ['__proto__: {x: 1}\n', /1:1: unknown key `__proto__`/],
    ['log: {level: "\\e[31m"}\n', /found `"\\u001b\[31m"`/],
    ['capture: {interfaces: [a, b, a]}\n', '1:23: `capture.interfaces` lists `"a"` twice'],
  ])('%j', (content, expected) => {
    const faults = faultsOf(content)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
  })

  test('aliases that unfold to a billion values are refused', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [to, from] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih']) {
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]`)
    }
    expect(faultsOf(bomb.join('\n'))).toEqual([
      '1:1: its aliases unfold to too much; write the values out',
    ])
  })

  test('lists nested 100,000 deep are refused', () => {
    expect(faultsOf('['.repeat(100_000))).toEqual([expect.stringContaining('nested too deeply')])
  })
})

describe('a file that is no text is refused', () => {
  test.each([
    ['empty', '', '1:1: is empty; leave out `--config` to run with the defaults'],
    ['binary', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0), /1:1: is not UTF-8 text/],
    ['Latin-1', Buffer.from('log:\n  level: "\xe9"\n', 'latin1'), /2:1: is not UTF-8 text/],
    ['too long', `#${'x'.repeat(1 << 20)}`, /is 1048577 bytes long, allowed are 1048576/],
  ])('%s', (_, content, expected) => {
    expect(faultsOf(content)).toEqual([
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    ])
  })

  test.each([
    ['a missing file', 'missing.yaml', 'no such file'],
    ['a path through a file', 'file/x.yaml', 'no such file'],
    ['a folder', 'folder', 'is a directory'],
    ['a device', '/dev/zero', 'is not a regular file'],
  ])('%s', (_, name, expected) => {
    mkdirSync(join(folder, 'folder'), { recursive: true })
    writeFileSync(join(folder, 'file'), 'x')
    const file = name.startsWith('/') ? name : join(folder, name)
    expect(readConfig(file).faults).toMatchObject([
      { file, message: expect.stringContaining(expected) },
    ])
  })
})

test('no text at all makes the loader throw, and a fault always has a place in the text', () => {
  const piece = fc.constantFrom(
    'log',
    'capture',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    '[',
    '{',
    '}',
    '&a',
    '*a',
    '"',
    '!!',
    '#',
    '1',
    '?',
    '|',
    '\t',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(text, content => {
      const lines = content.split('\n').length
      for (const fault of readConfig(written(content)).faults) {
        expect(fault.line).toBeGreaterThan(0)
        expect(fault.line).toBeLessThanOrEqual(lines)
        expect(fault.column).toBeGreaterThan(0)
      }
    }),
    { numRuns: 500 },
  )
})

describe('the state lives', () => {
  test.each([
    ['in ./data for a person', {}, 0, './data'],
    ['in ./data for root at a terminal', { INVOCATION_ID: 'x', TERM: 'xterm' }, 0, './data'],
    ['in /var/lib/orthrus for a service of root', { INVOCATION_ID: 'x' }, 0, '/var/lib/orthrus'],
    ['in ./data for a service of a user', { INVOCATION_ID: 'x' }, 1000, './data'],
    ['where systemd says', { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' }, 1000, '/var/lib/a'],
  ])('%s', (_, env, user, expected) => {
    expect(stateDirectory(env, user)).toBe(expected)
  })
})
