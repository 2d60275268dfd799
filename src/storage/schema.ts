import { SensorError } from '../errors.ts'
import { seal, unseal } from './entry.ts'
import { type Store } from './store.ts'

/** Version of what the tables hold; a change of meaning takes the next one and a migration. */
export const schemaVersion = 2

const name = Buffer.from('schema')

/*
 * 1: `alerts` holds JSON documents, `cursors` the place of each sink.
 * 2: `alerts` has a head before each document, `lanes` and `acked` the place of each sink. What is in
 *    an environment of version 1 is understood as it is, but version 1 would not understand this.
 */

/** Marks an environment that is new, or of an older version, with this one; the writer's work. */
export function writeSchema(store: Store): void {
  const stored = store.table.meta.get(name)
  if (stored !== undefined && !isOlder(stored)) return
  store.root.transactionSync(() => store.table.meta.putSync(name, seal(String(schemaVersion))))
}

function isOlder(stored: Uint8Array): boolean {
  const version = Number(unseal(stored)?.toString())
  return version >= 1 && version < schemaVersion
}

/** Throws STATE_VERSION when a newer Orthrus wrote the environment, a plain error when it is damaged. */
export function checkSchema(store: Store, path: string): void {
  const stored = store.table.meta.get(name)
  const version = Number((stored && unseal(stored))?.toString())
  if (!Number.isInteger(version) || version < 1) throw new Error('its schema version is damaged')
  if (version <= schemaVersion) return
  throw new SensorError(
    'STATE_VERSION',
    `\`${path}\` was written by a newer Orthrus (schema ${version}, this one knows ${schemaVersion}); upgrade, or set another \`state.directory\``,
  )
}
