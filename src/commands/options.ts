import { InvalidArgumentError, Option } from 'commander'
import { milliseconds, parseDuration } from '../config/duration.ts'

/** Options that several commands share: one wording, one check. */
export const options = {
  config: () => new Option('-c, --config <file>', 'configuration; without one, the defaults'),
  output: () =>
    new Option(
      '-o, --output <form>',
      'form of stdout (default: text on a terminal, else json)',
    ).choices(['json', 'text']),
  learn: () =>
    new Option(
      '--learn <duration>',
      'learning period of this run, such as 90s, 1h, 7d; 0 alerts from the first packet',
    ).argParser(durationArgument),
  strict: () =>
    new Option(
      '--strict',
      'a fault in any rule stops it with exit status 2, before anything starts',
    ),
  noIndex: () =>
    new Option('--no-index', 'ask every rule of every event, to compare: the same alerts, slowly'),
  state: () =>
    new Option('--state <dir>', 'folder for what the sensor remembers').argParser(filled),
  interfaces: () =>
    new Option('-i, --interface <iface...>', 'interface to watch, again for more').argParser(
      (name: string, before: readonly string[] = []) => [...before, interfaceName(name)],
    ),
}

/** `--learn` as µs, for the rules; nothing when it was not said. */
export function learnOverride(text: string | undefined): number | undefined {
  return text === undefined ? undefined : milliseconds(text) * 1000
}

function durationArgument(text: string): string {
  if (parseDuration(text) !== undefined) return text
  throw new InvalidArgumentError('write it as 30s, 15m, 1h, 7d or 0')
}

function filled(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('it is empty')
}

/** A name, or a pattern that the capture stage understands; no interface has a blank or a slash. */
function interfaceName(name: string): string {
  if (/^[^\s/]{1,64}$/.test(name)) return name
  throw new InvalidArgumentError('no interface can have that name; `ip link` lists yours')
}
