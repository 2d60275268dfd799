import { type Environment } from '../../src/storage/environment.ts'
import { Journal } from '../../src/storage/journal.ts'

/** A journal that must lose nothing; says which appends are on the disk. */
export function journalFor(
  environment: Environment,
  onAlert: (sequence: number) => void = () => undefined,
): Journal {
  return new Journal({
    environment,
    onAppended: sequences => {
      for (const sequence of sequences) onAlert(sequence)
    },
    onLost: (_, error) => {
      throw error
    },
  })
}
