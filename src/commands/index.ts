import { type Command } from 'commander'
import { baselineCommand } from './baseline.ts'
import { checkCommand } from './check.ts'
import { devicesCommand } from './devices.ts'
import { doctorCommand } from './doctor.ts'
import { outboxCommand } from './outbox.ts'
import { replayCommand } from './replay.ts'
import { rulesCommand } from './rules/index.ts'
import { runCommand } from './run.ts'
import { type Session } from './session.ts'
import { sinksCommand } from './sinks.ts'

/** Every command, in the order of `--help`. */
export const commands: readonly ((session: Session) => Command)[] = [
  runCommand,
  replayCommand,
  checkCommand,
  rulesCommand,
  devicesCommand,
  baselineCommand,
  outboxCommand,
  sinksCommand,
  doctorCommand,
]
