import { Command } from 'commander'
import { type Session } from '../session.ts'
import { explainCommand } from './explain.ts'
import { listCommand } from './list.ts'
import { testCommand } from './test.ts'

/** `orthrus rules`: what can be done with rules without traffic. */
export function rulesCommand(session: Session): Command {
  return new Command('rules')
    .summary('test, list and explain rules')
    .description('Tests rules, lists them with their state, explains what they make of an event.')
    .addCommand(testCommand(session))
    .addCommand(listCommand(session))
    .addCommand(explainCommand(session))
}
