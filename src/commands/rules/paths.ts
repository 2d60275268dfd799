import { SensorError } from '../../errors.ts'
import { type Placeholders } from '../../rules/modifiers/placeholders.ts'
import { configuredRules } from '../../rules/paths.ts'
import { configFor } from '../config.ts'
import { type Session } from '../session.ts'

/** The paths that were given, else those of the configuration, with the rules we ship. */
export function rulePaths(
  session: Session,
  given: readonly string[],
  config: string | undefined,
): readonly string[] {
  const paths = given.length > 0 ? given : configuredRules(configFor(session, config).rules)
  if (paths.length > 0) return paths
  throw new SensorError('USAGE', 'no rules: name a file or a folder, or set `rules.paths`')
}

/** Values for `%name%`, from the configuration. */
export function placeholdersFor(session: Session, config: string | undefined): Placeholders {
  return new Map(Object.entries(configFor(session, config).rules.placeholders))
}
