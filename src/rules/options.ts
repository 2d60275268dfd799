import { Type } from 'typebox'
import { section } from '../config/section.ts'

export const rulesOptions = section('What is worth an alert.', {
  paths: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    uniqueItems: true,
    description: 'Sigma rule files, and folders of them.',
  }),
  placeholders: Type.Unsafe<Record<string, (string | number)[]>>({
    type: 'object',
    default: {},
    description: 'Values for `%name%` in rules with `expand`: a list for each name.',
    additionalProperties: { type: 'array', items: { type: ['string', 'number'] } },
  }),
})
