/** A rule that is sound but for what is put into it. */
function rule(
  change: Partial<Record<'head' | 'logsource' | 'detection' | 'tail', string>>,
): string {
  const { head = '', logsource = 'logsource: {category: dns}\n', tail = '' } = change
  const { detection = detect('query: a') } = change
  return `title: Refused\n${head}${logsource}${detection}${tail}`
}

function detect(item: string, condition = 'selection'): string {
  return `detection:\n    selection:\n        ${item}\n    condition: ${condition}\n`
}

/** Texts that must be refused, and what the fault must say. */
export const refused: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ...['count() > 10', 'count(dst) by src > 5', 'sum(bytes) > 1', 'min(a) < 1', 'near b and c'].map(
    text =>
      [
        `aggregation ${text}`,
        rule({ detection: detect('query: a', `selection | ${text}`) }),
        /aggregations in a condition are gone from Sigma; write a correlation/,
      ] as const,
  ),
  ['unknown modifier', rule({ detection: detect('query|contians: a') }), /did you mean `contains`/],
  ['modifier twice', rule({ detection: detect('query|re|re: a') }), /`re` stands there twice/],
  ['contradiction', rule({ detection: detect('query|re|cidr: a') }), /contradict|must come first/],
  [
    'two places',
    rule({ detection: detect('query|startswith|endswith: a') }),
    /contradict each other/,
  ],
  ['exists with a text', rule({ detection: detect('query|exists: maybe') }), /true or false/],
  ['exists and more', rule({ detection: detect('query|exists|all: true') }), /stands alone/],
  ['lookahead', rule({ detection: detect("query|re: '(?=a)b'") }), /at character \d+ of the regex/],
  [
    'lookbehind',
    rule({ detection: detect("query|re: '(?<!a)b'") }),
    /at character \d+ of the regex/,
  ],
  [
    'back reference',
    rule({ detection: detect("query|re: '(a)\\1'") }),
    /at character \d+ of the regex/,
  ],
  ['repeats', rule({ detection: detect("query|re: 'a{2000}'") }), /at character \d+ of the regex/],
  ['open bracket', rule({ detection: detect("query|re: '[a'") }), /at character \d+ of the regex/],
  ['network', rule({ detection: detect('dst_ip|cidr: 10.0.0.1/8') }), /bits beyond its prefix/],
  [
    'no network',
    rule({ detection: detect('dst_ip|cidr: example.test') }),
    /write it as `10\.0\.0\.0\/8`/,
  ],
  ['number', rule({ detection: detect('dst_port|gte: many') }), /number/],
  [
    'placeholder',
    rule({ detection: detect("query|expand: '%nobody%'") }),
    /no values for the placeholder `%nobody%`/,
  ],
  [
    'base64 of a wildcard',
    rule({ detection: detect("query|base64: 'a*'") }),
    /cannot encode a wildcard/,
  ],
  [
    'a map as value',
    rule({ detection: detect('query: {a: b}') }),
    /takes a value or a list of values/,
  ],
  ['a list in a list', rule({ detection: detect('query: [[a]]') }), /holds values only/],
  [
    'empty selection',
    rule({ detection: 'detection:\n    selection:\n    condition: selection\n' }),
    /`selection` is empty/,
  ],
  [
    'no condition',
    rule({ detection: 'detection:\n    selection: {a: b}\n' }),
    /`condition` is missing/,
  ],
  [
    'empty condition',
    rule({ detection: detect('query: a', "''") }),
    /condition ends where a selection is expected|`condition` is missing/,
  ],
  [
    'unknown selection',
    rule({ detection: detect('query: a', 'selectoin') }),
    /no selection `selectoin`; did you mean `selection`/,
  ],
  [
    'pattern of nothing',
    rule({ detection: detect('query: a', '1 of filter_*') }),
    /finds no selection/,
  ],
  ['2 of them', rule({ detection: detect('query: a', '2 of them') }), /is not Sigma/],
  [
    'dangling and',
    rule({ detection: detect('query: a', 'selection and') }),
    /ends where a selection is expected/,
  ],
  [
    'parenthesis',
    rule({ detection: detect('query: a', '(selection') }),
    /parenthesis is not closed/,
  ],
  [
    'operators',
    rule({ detection: detect('query: a', 'selection && selection') }),
    /has no meaning in a condition/,
  ],
  [
    'deep condition',
    rule({ detection: detect('query: a', `${'('.repeat(5000)}selection`) }),
    /nested too deeply/,
  ],
  [
    'long condition',
    rule({ detection: detect('query: a', `selection${' or selection'.repeat(2000)}`) }),
    /characters long/,
  ],
  ['no logsource', rule({ logsource: '' }), /`logsource` is missing/],
  [
    'empty logsource',
    rule({ logsource: 'logsource: {definition: x}\n' }),
    /needs a category, a product or a service/,
  ],
  [
    'no detection',
    'title: x\nlogsource: {category: dns}\n',
    /needs `detection`, `correlation` or `filter`/,
  ],
  ['no title', rule({}).replace('title: Refused\n', ''), /`title` is missing/],
  ['long title', rule({}).replace('Refused', 'x'.repeat(300)), /over 256 characters/],
  ['unknown level', rule({ tail: 'level: hgih\n' }), /is no level; allowed are/],
  ['unknown status', rule({ tail: 'status: beta\n' }), /is no status; allowed are/],
  ['unknown relation', rule({ tail: 'related: [{id: a, type: friend}]\n' }), /is no relation/],
  [
    'unknown attribute of ours',
    rule({ tail: 'orthrus: {basline: {}}\n' }),
    /did you mean baseline/,
  ],
  [
    'two kinds',
    rule({ tail: 'correlation: {type: event_count}\n' }),
    /holds one of detection and correlation/,
  ],
  [
    'a key twice',
    rule({ detection: detect('query: a\n        query: b') }),
    /is in line \d+ already/,
  ],
  ['a list', '- title: x\n- title: y\n', /a rule is a map/],
  ['text', 'just some text\n', /a rule is a map/],
  ['tabs', rule({}).replaceAll('    ', '\t'), /a tab cannot indent YAML|not valid YAML/],
  [
    'a tag',
    rule({ tail: 'author: !!python/object:os.system x\n' }),
    /a tag \(`!name`\) has no meaning/,
  ],
  ['a merge key', rule({ tail: 'x: &x {a: 1}\ny: {<<: *x}\n' }), /merge keys/],
  ['an unknown alias', rule({ tail: 'x: *nothing\n' }), /no anchor|no `&nothing`/],
  [
    'laughs',
    `${rule({})}a0: &a0 [x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]\n`).join('')}`,
    /unfold to too much/,
  ],
  ['open quote', rule({ tail: "author: 'x\n" }), /not valid YAML/],
  ['open bracket of YAML', rule({ tail: 'tags: [a.b\n' }), /not valid YAML/],
  ['a colon too many', rule({}).replace('Refused', 'Refused: twice'), /not valid YAML/],
  ['indentation', rule({}).replace('    condition', '   condition'), /not valid YAML/],
  ['nesting', `${rule({})}x: ${'['.repeat(3000)}\n`, /nested too deeply/],
  ['Latin-1', Buffer.from(rule({ tail: 'author: Gr\u00f6\u00dfe\n' }), 'latin1'), /is not UTF-8/],
  ['UTF-16', Buffer.from(`\ufeff${rule({})}`, 'utf16le'), /is not UTF-8/],
  ['binary', Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 73) % 256)), /is not UTF-8/],
  ['size', `${rule({})}x: ${'x'.repeat(5_000_000)}\n`, /bytes long, allowed are/],
  [
    'unknown correlation',
    'title: x\ncorrelation: {type: event_cuont, rules: [a], timespan: 1m, condition: {gte: 1}}\n',
    /event_cuont/,
  ],
  [
    'correlation without rules',
    'title: x\ncorrelation: {type: event_count, timespan: 1m, condition: {gte: 1}}\n',
    /`rules`/,
  ],
  [
    'correlation of nobody',
    'title: x\ncorrelation: {type: event_count, rules: [nobody], timespan: 1m, condition: {gte: 1}}\n',
    /no rule `nobody`/,
  ],
  [
    'correlation of itself',
    'title: x\nname: ouroboros\ncorrelation: {type: event_count, rules: [ouroboros], timespan: 1m, condition: {gte: 1}}\n',
    /refers back|itself/,
  ],
  [
    'timespan',
    'title: x\ncorrelation: {type: event_count, rules: [a], timespan: soon, condition: {gte: 1}}\n',
    /timespan/,
  ],
  [
    'filter without condition',
    'title: x\nlogsource: {category: dns}\nfilter: {rules: any, selection: {a: b}}\n',
    /`condition` is missing/,
  ],
  [
    'baseline without entity',
    rule({ tail: 'orthrus.baseline: {type: new_value, value: [query]}\n' }),
    /entity/,
  ],
  ['bad action', rule({ head: 'action: globl\n' }), /is no action; allowed are/],
]
