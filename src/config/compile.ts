import { _, Ajv, type Code, type CodeOptions, type KeywordCxt } from 'ajv'
import * as keywords from './keywords.ts'

/** How generated code names what is in `keywords.ts`. */
const named = _`keywords`

/** Makes validators of schemas; `code` says how they are written down, if they are to be. */
export function schemaCompiler(code: CodeOptions = {}): Ajv {
  const ajv = new Ajv({
    strict: true,
    allErrors: true,
    useDefaults: true,
    discriminator: true,
    verbose: true,
    // `describe.ts` has sentences of its own.
    messages: false,
    allowUnionTypes: true,
    code: { ...code, formats: named },
  })
  ajv.addFormat('duration', keywords.duration)
  ajv.addFormat('network', keywords.network)
  ajv.addKeyword(limit('minDuration', keywords.isAtLeast, _`${named}.isAtLeast`))
  ajv.addKeyword(limit('maxDuration', keywords.isAtMost, _`${named}.isAtMost`))
  // An option that is never shown; `describe.ts` and the sinks look at it.
  ajv.addKeyword({ keyword: 'secret', schemaType: 'boolean' })
  return ajv
}

function limit(keyword: string, isKept: typeof keywords.isAtLeast, name: Code) {
  return {
    keyword,
    schemaType: 'string' as const,
    code(context: KeywordCxt) {
      const holds = context.gen.scopeValue('func', { ref: isKept, code: name })
      context.fail(_`!${holds}(${context.schemaCode}, ${context.data})`)
    },
  }
}
