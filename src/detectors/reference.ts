import { optionTable } from '../config/reference.ts'
import { optionsOf } from '../config/walk.ts'
import { type DetectorKind, type SignalDoc } from './detector.ts'
import { detectorName } from './detectors.ts'
import * as registry from './index.ts'

const head = `<!-- Generated from src/detectors/ and rules/ by \`npm run gen\`; do not edit. -->
# Detectors

A detector looks at all events and says what it found as a *signal*: an event of the kind \`signal\` with a name, a score of
how sure it is (0 to 1), whom it is about (\`orthrus.signal.entity\`) and what convinced it (\`orthrus.signal.evidence.*\`), beside
the fields of the event that completed it. A signal is no alert: a rule decides whether it becomes one, of which level, and
for how long it is quiet then. So write a rule or a filter to change what you are told, and an option below to change
what is found. Options stand under \`detectors\` in the [configuration](configuration.md#detectors), each detector under its name.

All of them work on the time of the packets, so a replay finds the same as the live sensor. All tables are bounded: what
does not fit is refused and counted in the summary, and nothing that is watched is pushed out by a flood.
`

const timesHead = `## Time to detect

Measured in event time by \`node build/bench/bench/office.js --days 14 --attack all --table bench/time-to-detect.json\`: two weeks of an
office of 32 devices, in which everything before the attack is learned first. From the first packet of the attack to the alert of the
rule that is about it; an alert that the same days give without attacks is no credit.
`

/** A rule file as it is, for the rules that a signal goes to. */
export interface RuleText {
  readonly file: string
  readonly text: string
}

/** How long an attack of `bench/office.ts` went unseen; without a rule it was missed. */
export interface TimeToDetect {
  readonly attack: string
  /** What it does, in words. */
  readonly does: string
  /** Who was named. */
  readonly entity: string
  readonly rule?: string
  readonly level?: string
  readonly seconds?: number
}

/**
 * `docs/detectors.md`: what each detector finds, its options, its signals and the rules about them,
 * and how long each attack of the office went unseen.
 */
export function detectorsReference(
  rules: readonly RuleText[],
  times: readonly TimeToDetect[],
): string {
  const detectors: [string, DetectorKind][] = Object.entries(registry)
  const parts = detectors.map(([key, kind]) => {
    const { description } = kind.schema as { description?: string }
    const signals = kind.signals.map(signal => signalPart(signal, rules)).join('\n')
    const options = optionTable(optionsOf(kind.schema))
    return `## \`${detectorName(key)}\`\n\n${description ?? ''}\n\n${signals}\n${options}`
  })
  return [head, ...parts, timesPart(times)].join('\n')
}

function timesPart(times: readonly TimeToDetect[]): string {
  const rows = times.map(({ does, entity, rule = 'missed', level = '', seconds }) => {
    const after = seconds === undefined ? '' : lengthOf(seconds)
    return `| ${does} | ${entity} | ${after} | ${rule} | ${level} |\n`
  })
  return `${timesHead}\n| attack | who is named | alert after | rule | level |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`
}

/** Half a minute is `30.0 s`, four hours are `4.0 h`. */
function lengthOf(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`
}

function signalPart({ name, when, evidence }: SignalDoc, rules: readonly RuleText[]): string {
  const rows = Object.entries(evidence).map(([key, meaning]) => `| \`${key}\` | ${meaning} |\n`)
  const links = rulesOf(name, rules).map(({ file, title }) => `[${title}](../${file})`)
  const told = links.length === 0 ? 'No rule that is shipped.' : `Rules: ${links.join(', ')}.`
  return `### Signal \`${name}\`\n\n${when} ${told}\n\n| evidence | is |\n| --- | --- |\n${rows.join('')}`
}

/** The rules that ask for a signal by its name. */
export function rulesOf(signal: string, rules: readonly RuleText[]) {
  return rules.flatMap(({ file, text }) => {
    const detection = text.slice(text.indexOf('\ndetection:'), text.indexOf('\northrus:'))
    const [, names = ''] = /orthrus\.signal\.name: \[?([^\]\n]+)/.exec(detection) ?? []
    if (!names.split(',').some(name => name.trim() === signal)) return []
    return [{ file, title: /^title: (.+)$/m.exec(text)?.[1] ?? file }]
  })
}
