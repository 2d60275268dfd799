import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { Command } from 'commander'
import { type AlertRule, alertDocument } from '../alerts/alert.ts'
import { type Config } from '../config/schema.ts'
import { SensorError } from '../errors.ts'
import { printable } from '../operate/log.ts'
import { version } from '../operate/version.ts'
import { type TestResult, testSink } from '../pipeline/test-sink.ts'
import { configFor } from './config.ts'
import { options } from './options.ts'
import { type Output, outputOf, type Session } from './session.ts'

const help = `
Opens the sink as \`orthrus run\` would, looks whether its far side is there, sends one alert that is
marked as a test (labels.test) and prints what the far side answered. Exit status is 1 when it did
not take the alert, 2 when the configuration is wrong.

Examples:
  orthrus sinks test siem -c orthrus.yaml
  orthrus sinks test siem -c orthrus.yaml -o json | jq .answer`

interface Options {
  readonly config?: string
  readonly output?: Output
}

/** `orthrus sinks`: the places where alerts go. */
export function sinksCommand(session: Session): Command {
  return new Command('sinks')
    .summary('try the places where alerts go')
    .description('Tries the places where alerts go.')
    .addCommand(testCommand(session))
}

function testCommand(session: Session): Command {
  return new Command('test')
    .summary('send a test alert')
    .description('Sends a test alert to one sink and says what the far side answered.')
    .argument('<name>', 'name of the sink in the configuration')
    .addOption(options.config())
    .addOption(options.output())
    .addHelpText('after', help)
    .action(async (name: string, { config: file, output }: Options) => {
      const wanted = sinkOptions(configFor(session, file), name)
      const form = outputOf(session, output)
      const result = await testSink({ ...session, name, options: wanted, document: testDocument() })
      const line =
        form === 'json' ? `${JSON.stringify({ sink: name, ...result })}\n` : text(name, result)
      session.stdout.write(line)
      session.status = result.taken ? 0 : 1
    })
}

function sinkOptions({ sinks }: Config, name: string) {
  const found = Object.hasOwn(sinks, name) ? sinks[name] : undefined
  if (found !== undefined) return found
  const names = Object.keys(sinks).join(', ')
  throw new SensorError(
    'USAGE',
    `no sink \`${name}\` in the configuration; it has ${names || 'none'}`,
  )
}

const rule: AlertRule = {
  id: '6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e00',
  name: 'Test alert',
  level: 'informational',
  category: 'test',
  description: 'Sent by `orthrus sinks test` to see whether alerts arrive.',
  version: '1',
}

function testDocument() {
  const name = hostname()
  const document = alertDocument({
    rule,
    observer: { name, hostname: name, version: version() },
    time: Date.now() * 1000,
    identity: [randomUUID()],
    message: `test alert of the sensor ${name}; nothing has happened`,
    action: 'sink-test',
    dataset: 'orthrus.sensor',
  })
  return { ...document, labels: { ...document.labels, test: 'true' } }
}

function text(name: string, { type, taken, ms, answer, degraded, id }: TestResult): string {
  const lines = [
    taken ? `${name} (${type}): took the alert in ${ms} ms` : `${name} (${type}): did not take it`,
    `  event.id  ${id}`,
    `  answer    ${answer}`,
    ...(degraded === undefined ? [] : [`  but       ${degraded}`]),
  ]
  return lines.map(line => `${printable(line)}\n`).join('')
}
