/** The tables of the environment. A new table is one line here; nothing else names them. */
export const tables = [
  'meta',
  'devices',
  'profiles',
  'alerts',
  'cursors',
  'lanes',
  'acked',
  'dlq',
  'ledger',
  'baselines',
  'novelties',
  'windows',
] as const
export type Table = (typeof tables)[number]

/** One change. All the changes given to one `commit()` are in one transaction, or none is. */
export type Operation =
  | { readonly kind: 'put'; readonly table: Table; readonly key: Key; readonly value: Value }
  | { readonly kind: 'remove'; readonly table: Table; readonly key: Key }
  /** Puts under the next sequence number, which the transaction itself draws and stores. */
  | { readonly kind: 'append'; readonly table: 'alerts'; readonly value: Value }

/** 1 to 500 bytes; text is UTF-8. */
export type Key = string | Uint8Array
export type Value = string | Uint8Array

/** What the writer thread is asked to do. */
export type Request =
  | { readonly kind: 'commit'; readonly commits: readonly (readonly Operation[])[] }
  | { readonly kind: 'close' }

/** What it answers: for each commit the sequence numbers drawn, or why nothing was written. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'committed'; readonly sequences: readonly (readonly number[])[] }
  | { readonly kind: 'failed'; readonly message: string; readonly code?: number | string }
  | { readonly kind: 'closed' }

/** About how many bytes an operation carries, for the bounds of queue and transaction. */
export function operationBytes(operation: Operation): number {
  const key = operation.kind === 'append' ? 8 : operation.key.length
  return key + (operation.kind === 'remove' ? 0 : operation.value.length)
}
