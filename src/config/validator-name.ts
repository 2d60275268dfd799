import { createHash } from 'node:crypto'
import { type TSchema } from './type.ts'

/** What a schema's written validator is exported as: the same only for the same schema. */
export function validatorName(schema: TSchema): string {
  return `v${createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 32)}`
}
