import { parseDuration } from '../../config/duration.ts'
import { Faults, quote } from '../fault.ts'
import { type MapNode, type Node, plain } from '../yaml/node.ts'
import { parseExpectation } from './expectation.ts'
import { type Expectation, type RuleTest, type Step, type TestNode } from './spec.ts'

const known = ['name', 'event', 'events', 'timeline', 'ndjson', 'expect', 'because', 'pcap']
const mostSteps = 100_000

/** The tests of a rule (`orthrus.tests`, or the list in its sidecar), and what is wrong with them. */
export function parseTests({ source, node }: TestNode): { tests: RuleTest[]; faults: Faults } {
  const faults = new Faults(source)
  if (node.type !== 'list') {
    faults.error(node.offset, '`tests` is a list of tests')
    return { tests: [], faults }
  }
  const tests = node.items.flatMap((item, index) => parseTest(item, index, faults) ?? [])
  return { tests, faults }
}

function parseTest(node: Node, index: number, faults: Faults): RuleTest | undefined {
  if (node.type !== 'map')
    return faults.error(node.offset, 'a test is a map of name, event, expect')
  for (const [name, { offset }] of node.entries) {
    if (!known.includes(name)) {
      faults.error(offset, `a test has no ${quote(name)}; it has ${known.join(', ')}`)
    }
  }
  const before = faults.list.length
  const steps = parseSteps(node, faults)
  const given = node.entries.get('expect')?.value
  const expect = given && parseExpectation(given, faults)
  if (steps === undefined || faults.list.length > before) return undefined
  if (expect === undefined && !says(steps)) {
    return faults.error(node.offset, 'the test expects nothing; add `expect`')
  }
  return {
    name: textOf(node, 'name') ?? `test ${index + 1}`,
    source: faults.source,
    offset: node.offset,
    steps,
    expect,
    because: textOf(node, 'because'),
  }
}

function says(steps: RuleTest['steps']): boolean {
  return 'file' in steps ? false : steps.some(step => step.expect !== undefined)
}

function textOf(node: MapNode, name: string): string | undefined {
  const value = node.entries.get(name)?.value
  return value?.type === 'scalar' && value.value !== null ? value.text : undefined
}

function parseSteps(node: MapNode, faults: Faults): RuleTest['steps'] | undefined {
  const inputs = ['event', 'events', 'timeline', 'ndjson', 'pcap'].filter(name =>
    node.entries.has(name),
  )
  const [input] = inputs
  const value = input === undefined ? undefined : node.entries.get(input)?.value
  if (inputs.length !== 1 || value === undefined) {
    return faults.error(node.offset, 'a test has one of event, events, timeline, ndjson, pcap')
  }
  switch (input) {
    case 'event':
      return parseEvents([value], faults)
    case 'events':
      return parseEvents(value.type === 'list' ? value.items : [value], faults)
    case 'ndjson':
    case 'pcap':
      if (value.type === 'scalar' && value.text !== '') return { form: input, file: value.text }
      return faults.error(
        value.offset,
        `\`${input}\` is the path of a file, from the folder of the rule`,
      )
    case 'timeline':
      return parseTimeline(value, faults)
    default:
      return undefined
  }
}

function parseEvents(nodes: readonly Node[], faults: Faults): Step[] {
  return nodes.flatMap((node, index) => {
    if (node.type === 'map')
      return { at: index * 1000, event: eventOf(node, 0), expect: undefined, offset: node.offset }
    faults.error(node.offset, 'an event is a map of its fields')
    return []
  })
}

function parseTimeline(node: Node, faults: Faults): Step[] | undefined {
  if (node.type !== 'list') return faults.error(node.offset, '`timeline` is a list of moments')
  const steps = node.items.flatMap(item => parseMoment(item, faults))
  if (steps.length > mostSteps) {
    return faults.error(node.offset, `the timeline has over ${mostSteps} events`)
  }
  // Moments with `repeat` overlap those that are written behind them.
  return steps
    .map((step, index) => ({ step, index }))
    .sort((a, b) => a.step.at - b.step.at || a.index - b.index)
    .map(({ step }) => step)
}

function parseMoment(node: Node, faults: Faults): Step[] {
  const event = node.type === 'map' ? node.entries.get('event')?.value : undefined
  if (node.type !== 'map' || event?.type !== 'map') {
    faults.error(node.offset, 'a moment is a map of at, event, and perhaps repeat, every, expect')
    return []
  }
  const at = duration(node, 'at', faults)
  const every = duration(node, 'every', faults)
  const repeat = node.entries.get('repeat')?.value
  const times =
    repeat === undefined ? 1 : repeat.type === 'scalar' ? Number(repeat.value) : Number.NaN
  if (!Number.isInteger(times) || times < 1 || times > mostSteps) {
    faults.error(
      repeat?.offset ?? node.offset,
      `\`repeat\` is a whole number from 1 to ${mostSteps}`,
    )
    return []
  }
  const given = node.entries.get('expect')?.value
  const expect: Expectation | undefined = given && parseExpectation(given, faults)
  return Array.from({ length: times }, (_, index) => ({
    at: at + index * every,
    event: eventOf(event, index),
    expect,
    offset: node.offset,
  }))
}

/** A moment or a distance in µs; 0 where it is not given. */
function duration(node: MapNode, name: string, faults: Faults): number {
  const value = node.entries.get(name)?.value
  if (value === undefined) return 0
  const scalar = value.type === 'scalar' ? value.value : undefined
  const readable = typeof scalar === 'string' || typeof scalar === 'number'
  const milliseconds = readable ? parseDuration(scalar) : undefined
  if (milliseconds !== undefined) return milliseconds * 1000
  faults.error(value.offset, `\`${name}\` is written as 30s, 15m, 1h30m, 7d or 0`)
  return 0
}

/** The event; `{cycle: [a, b]}` stands for its member number `turn`, again and again. */
function eventOf(node: MapNode, turn: number): object {
  return Object.fromEntries(
    Array.from(node.entries, ([name, { value }]) => [name, memberOf(value, turn)]),
  )
}

function memberOf(node: Node, turn: number): unknown {
  if (node.type === 'list') return node.items.map(item => memberOf(item, turn))
  if (node.type === 'scalar') return plain(node)
  const cycle = node.entries.size === 1 ? node.entries.get('cycle')?.value : undefined
  if (cycle?.type !== 'list' || cycle.items.length === 0) return eventOf(node, turn)
  const item = cycle.items[turn % cycle.items.length]
  return item === undefined ? undefined : memberOf(item, turn)
}
