import { SensorError } from '../errors.ts'
import { seal, unseal } from './entry.ts'
import { type Store } from './store.ts'

/** Version of what the tables hold; a change of meaning takes the next one and a migration. */
export const schemaVersion = 1

const name = Buffer.from('schema')

/** Marks a new environment with the version; the writer's work. */
export function writeSchema(store: Store): void {
  if (store.table.meta.get(name) !== undefined) return
  store.root.transactionSync(() => store.table.meta.putSync(name, seal(String(schemaVersion))))
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
