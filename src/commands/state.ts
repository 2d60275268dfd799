import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { SensorError } from '../errors.ts'
import { type Arguments, request } from '../operate/control.ts'
import { type Environment, openEnvironment } from '../storage/environment.ts'
import { options } from './options.ts'

/** A command about the state of a sensor: which one it is, and how the answer is written. */
export function stateCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .addOption(options.config())
    .addOption(options.state())
    .addOption(options.output())
}

/** Whether a sensor runs on this state directory, so that it must be asked. */
export async function isRunning(directory: string): Promise<boolean> {
  const answer = await request(directory, 'version')
  if (answer === undefined) return false
  for await (const _ of answer); // its end closes the connection
  return true
}

/** What the sensor that runs there answers. Throws STATE_UNUSABLE when it has ended meanwhile. */
export async function askSensor(
  directory: string,
  command: string,
  args?: Arguments,
): Promise<AsyncIterable<unknown>> {
  const answer = await request(directory, command, args)
  if (answer !== undefined) return answer
  throw new SensorError('STATE_UNUSABLE', 'the sensor has just ended; try once more')
}

/** Throws STATE_UNUSABLE where no sensor has ever remembered anything. */
export function needMemory(directory: string): void {
  if (existsSync(join(directory, 'memory'))) return
  throw new SensorError(
    'STATE_UNUSABLE',
    `\`${directory}\` holds no memory of a sensor; name it with \`--state\` or \`-c\``,
  )
}

/**
 * Works with the memory of a sensor that does not run. Throws STATE_UNUSABLE where there is none,
 * STATE_LOCKED while a sensor has it.
 */
export async function withEnvironment(
  directory: string,
  work: (environment: Environment) => Promise<void>,
): Promise<void> {
  needMemory(directory)
  const environment = await openEnvironment({ directory })
  try {
    await work(environment)
  } finally {
    await environment.close()
  }
}
