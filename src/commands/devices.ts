import { Command, Option } from 'commander'
import { type Annotation, annotate, oneDevice } from '../enrich/annotation.ts'
import { putDevice, readDevices } from '../enrich/device-table.ts'
import { type DeviceQuery, type DeviceView, deviceViews } from '../enrich/device-view.ts'
import { request } from '../operate/control.ts'
import { type Environment } from '../storage/environment.ts'
import { configFor } from './config.ts'
import { deviceCsvHead, deviceCsvRow } from './devices-csv.ts'
import { devicesText } from './devices-text.ts'
import { options } from './options.ts'
import { outputOf, type Session } from './session.ts'
import { withEnvironment } from './state.ts'

const help = `
Asks the sensor that runs with this state, or reads the state of one that does not. WORDs are parts
of names, addresses, MACs, makers, roles, tags or ids; a device must have all of them. One device
alone is shown in full. -o json prints one device a line: {"id", "names", "addresses", "cards",
"roles", "services", "peers", "tags", "first_seen", "last_seen", …}.

Examples:
  orthrus devices                             who is there
  orthrus devices 192.0.2.7                   all that is known of one
  orthrus devices --role printer -o csv       an inventory for a spreadsheet
  orthrus devices tag 192.0.2.7 office alarm  its silence can be watched by \`devices.watch\`
  orthrus devices note 192.0.2.7 "spare, in the cellar"`

interface Options {
  readonly config?: string
  readonly state?: string
  readonly output?: 'json' | 'text' | 'csv'
  readonly tag?: string
  readonly role?: string
}

/** `orthrus devices`: the inventory of a sensor, running or not. */
export function devicesCommand(session: Session): Command {
  const command = shared('devices')
    .summary('who is on the network')
    .description('Shows the devices that a sensor knows, and what it knows of them.')
    .argument('[word...]', 'what a device must have')
    .addOption(
      new Option(
        '-o, --output <form>',
        'form of stdout (default: text on a terminal, else json)',
      ).choices(['json', 'text', 'csv']),
    )
    .option('--tag <tag>', 'those with this tag')
    .option('--role <role>', 'those that probably are a router, printer, phone …')
    .helpCommand(false)
    .addHelpText('after', help)
    .action((words: string[], given: Options) => list(session, given, words))
  command.addCommand(
    annotation('tag', 'give a device tags')
      .argument('<tag...>', 'letters, digits and . _ : -')
      .action((device: string, tags: string[], _: Options, self: Command) =>
        write(session, self.optsWithGlobals(), device, { tags }),
      ),
  )
  command.addCommand(
    annotation('untag', 'take tags off a device')
      .argument('<tag...>', 'tags that it has')
      .action((device: string, untag: string[], _: Options, self: Command) =>
        write(session, self.optsWithGlobals(), device, { untag }),
      ),
  )
  command.addCommand(
    annotation('note', 'write a note to a device')
      .argument('<text>', 'one line; empty takes the note away')
      .action((device: string, note: string, _: Options, self: Command) =>
        write(session, self.optsWithGlobals(), device, { note }),
      ),
  )
  return command
}

function shared(name: string): Command {
  return new Command(name).addOption(options.config()).addOption(options.state())
}

function annotation(name: string, summary: string): Command {
  return shared(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .argument('<device>', 'its id, MAC, address or name')
}

function directoryOf(session: Session, { config, state }: Options): string {
  return configFor(session, config, state === undefined ? {} : { state }).state.directory
}

async function list(session: Session, given: Options, words: readonly string[]): Promise<void> {
  const query: DeviceQuery = {
    words,
    ...(given.tag !== undefined && { tag: given.tag }),
    ...(given.role !== undefined && { role: given.role }),
  }
  const directory = directoryOf(session, given)
  const running = await request(directory, 'devices', { ...query })
  if (running !== undefined) {
    await show(session, given, running as AsyncIterable<DeviceView>)
    return
  }
  await withEnvironment(directory, async environment => {
    const { devices, damaged } = readDevices(environment)
    if (damaged.length > 0) session.log.warn(`${damaged.length} devices could not be read`)
    await show(session, given, deviceViews(devices, query))
  })
}

async function show(
  session: Session,
  { output }: Options,
  views: Iterable<DeviceView> | AsyncIterable<DeviceView>,
): Promise<void> {
  const { stdout } = session
  const form = output === 'csv' ? 'csv' : outputOf(session, output)
  const all: DeviceView[] = []
  if (form === 'csv') stdout.write(deviceCsvHead)
  for await (const view of views) {
    if (form === 'text') all.push(view)
    else stdout.write(form === 'csv' ? deviceCsvRow(view) : `${JSON.stringify(view)}\n`)
  }
  if (form === 'text') stdout.write(devicesText(all, stdout.columns))
}

async function write(
  session: Session,
  given: Options,
  device: string,
  what: Annotation,
): Promise<void> {
  const directory = directoryOf(session, given)
  const running = await request(directory, 'devices annotate', { device, ...what })
  if (running === undefined) {
    await withEnvironment(directory, environment => writeStored(environment, device, what))
    return
  }
  for await (const _ of running);
}

async function writeStored(
  environment: Environment,
  handle: string,
  what: Annotation,
): Promise<void> {
  const profile = oneDevice(readDevices(environment).devices, handle)
  annotate(profile.own, what)
  await environment.commit(profile.cards.map(putDevice))
}
