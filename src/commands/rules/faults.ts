import { faultLine } from '../../config/fault.ts'
import { printable } from '../../operate/log.ts'
import { type RuleFault } from '../../rules/fault.ts'
import { type Session } from '../session.ts'

/** Faults for people, one a line. */
export function writeFaults(session: Session, faults: readonly RuleFault[]): void {
  for (const fault of faults) {
    const mark = fault.severity === 'warning' ? 'warning: ' : ''
    const line = faultLine({ ...fault, message: `${mark}${fault.message}` })
    session.stderr.write(`${printable(line)}\n`)
  }
}
