import { Command } from 'commander'
import { type Novelty } from '../baseline/novelty-log.ts'
import { type BaselineSummary } from '../baseline/requests.ts'
import { type BaselineRecord, type HeldValue } from '../baseline/store.ts'
import { type Config } from '../config/schema.ts'
import { SensorError } from '../errors.ts'
import { loadRules } from '../rules/load.ts'
import { configuredRules } from '../rules/paths.ts'
import { type Ask, withBaselines } from './baseline-access.ts'
import { exportBaselines, importBaselines, learnCaptures } from './baseline-files.ts'
import { heldText, listText, recordText, whyText } from './baseline-text.ts'
import { configFor } from './config.ts'
import { type Output, outputOf, type Session } from './session.ts'
import { stateCommand } from './state.ts'

const help = `
Asks the sensor that runs on the state directory; when none runs, its memory is opened.

Examples:
  orthrus baseline show                          what each rule has learned so far
  orthrus baseline show RULE                     its entities and their values
  orthrus baseline why 4f1c2a                    why the alert with that event.id said "new"
  orthrus baseline approve RULE d1 example.org   learn what came up in a critical alert
  orthrus baseline forget RULE d1                begin anew with one device
  orthrus baseline export > site.jsonl           to be merged elsewhere with import
  orthrus baseline learn week.pcap               teach what a capture shows, without alerts`

export interface BaselineOptions {
  readonly config?: string
  readonly state?: string
  readonly output?: Output
  readonly held?: boolean
}

/** `orthrus baseline`: what rules have learned, of a running or a stopped sensor. */
export function baselineCommand(session: Session): Command {
  const baseline = new Command('baseline')
    .summary('what rules have learned')
    .description('Shows, explains and changes what rules with a baseline have learned.')
    .helpCommand(false)
    .addHelpText('after', help)
  const commands = [
    ...lookCommands(session),
    changeCommand(session, 'approve', 'learn what a critical alert held back'),
    changeCommand(session, 'forget', 'forget an entity, or one of its values'),
    ...fileCommands(session),
  ]
  for (const command of commands) baseline.addCommand(command)
  return baseline
}

function lookCommands(session: Session): Command[] {
  return [
    stateCommand('show', 'what each rule has learned, or all of one rule')
      .argument('[rule]', "the rule's id")
      .option('--held', 'what critical alerts keep from being learned')
      .action((rule: string | undefined, given: BaselineOptions) =>
        ask(session, given, (one, config) => show(session, one, config, rule, given)),
      ),
    stateCommand('why', 'why an alert said that something is new')
      .argument('<event-id>', '`event.id` of the alert, or how it begins')
      .action((id: string, given: BaselineOptions) =>
        ask(session, given, one => why(session, one, id, given)),
      ),
  ]
}

function changeCommand(session: Session, name: 'approve' | 'forget', summary: string): Command {
  return stateCommand(name, summary)
    .argument('<rule>', "the rule's id")
    .argument('<who>', 'whose habit it is, as `show` prints it')
    .argument('[value]', 'one value; without it, all of the entity')
    .action((rule: string, entity: string, value: string | undefined, given: BaselineOptions) =>
      ask(session, given, one => changeOne(session, one, name, { rule, entity, value })),
    )
}

function fileCommands(session: Session): Command[] {
  return [
    stateCommand('export', 'print what was learned, as JSON lines')
      .argument('[rule]', 'of this rule alone')
      .action((rule: string | undefined, given: BaselineOptions) =>
        ask(session, given, one => exportBaselines(session, one, rule)),
      ),
    stateCommand('import', 'merge what was exported')
      .argument('<file...>', 'files that `export` made; - is standard input')
      .action((files: string[], given: BaselineOptions) =>
        ask(session, given, one => importBaselines(session, one, files), true),
      ),
    stateCommand('learn', 'learn from captures, without alerts')
      .argument('<file...>', 'pcap or pcapng')
      .action((files: string[], given: BaselineOptions) =>
        ask(session, given, (one, config) => learnCaptures(session, one, config, files), true),
      ),
  ]
}

function ask(
  session: Session,
  { config: file, state }: BaselineOptions,
  work: (ask: Ask, config: Config) => Promise<void>,
  make = false,
): Promise<void> {
  const config = configFor(session, file, state === undefined ? {} : { state })
  return withBaselines(config, one => work(one, config), make)
}

async function show(
  session: Session,
  one: Ask,
  config: Config,
  rule: string | undefined,
  { output, held }: BaselineOptions,
): Promise<void> {
  const json = outputOf(session, output) === 'json'
  const titles = json ? new Map<string, string>() : titlesOf(config)
  const print = (item: unknown, text: () => string) =>
    session.stdout.write(json ? `${JSON.stringify(item)}\n` : text())
  if (held === true || rule !== undefined) {
    const name = held === true ? 'baseline held' : 'baseline export'
    for await (const item of one(name, rule === undefined ? {} : { rule })) {
      print(item, () => lineText(item as BaselineRecord | Held, titles))
    }
    return
  }
  const all = await listed(one)
  const documents = () => all.map(item => `${JSON.stringify(item)}\n`).join('')
  session.stdout.write(json ? documents() : listText(all, titles))
}

async function listed(one: Ask): Promise<BaselineSummary[]> {
  const all: BaselineSummary[] = []
  for await (const item of one('baseline list')) all.push(item as BaselineSummary)
  return all
}

type Held = HeldValue & { readonly id: string }

function lineText(item: BaselineRecord | Held, titles: ReadonlyMap<string, string>): string {
  return 'kind' in item ? recordText(item, titles) : heldText(item)
}

async function why(
  session: Session,
  one: Ask,
  id: string,
  { output }: BaselineOptions,
): Promise<void> {
  for await (const item of one('baseline why', { id })) {
    const json = outputOf(session, output) === 'json'
    session.stdout.write(json ? `${JSON.stringify(item)}\n` : whyText(item as Novelty))
    return
  }
  throw new SensorError(
    'USAGE',
    `no alert about something new has an \`event.id\` that begins with \`${id}\`; explanations are kept for 90 days`,
  )
}

async function changeOne(
  session: Session,
  one: Ask,
  name: 'approve' | 'forget',
  { rule, entity, value }: { rule: string; entity: string; value: string | undefined },
): Promise<void> {
  const args = { rule, entity, ...(value !== undefined && { value }) }
  for await (const item of one(`baseline ${name}`, args)) {
    const { count } = item as { readonly count: number }
    const done = name === 'approve' ? 'learned' : 'forgotten'
    session.stderr.write(`${count} ${done}\n`)
    if (count === 0) session.status = 1
  }
}

function titlesOf(config: Config): Map<string, string> {
  const placeholders = new Map(Object.entries(config.rules.placeholders))
  const { report } = loadRules(configuredRules(config.rules), { placeholders })
  return new Map(report.flatMap(({ id, title }) => (id === undefined ? [] : [[id, title]])))
}
