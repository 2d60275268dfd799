import { stringify } from 'yaml'
import { configSchema } from './schema.ts'
import { type Option, optionsOf, sinkKinds } from './walk.ts'

const head = `# Orthrus configuration, generated from the schemas by \`npm run gen\`; do not edit.
# Every option stands here with its default, behind a #; remove that # to change one.
# Lengths of time are written 30s, 15m, 1h, 7d, or 0. \`orthrus check -c FILE\` finds mistakes.
`

/** `config.example.yaml`: every option with its sentence and default, commented out. */
export function exampleConfig(): string {
  const sections = Object.entries(configSchema.properties).map(([name, schema]) =>
    name === 'sinks' ? sinks(schema) : plain(name, schema),
  )
  return [head, ...sections].join('\n')
}

function plain(name: string, schema: object): string {
  return `${prose('', String(Reflect.get(schema, 'description')))}${name}:\n${options(optionsOf(schema), '  ')}`
}

function sinks(schema: object): string {
  const kinds = sinkKinds(schema).map(
    ({ type, description, options: all }) =>
      `${prose('  ', description)}  #${type}:\n  #  type: ${type}\n${options(all, '  #  ', '  #  ')}`,
  )
  return `${prose('', String(Reflect.get(schema, 'description')))}sinks:\n${kinds.join('')}`
}

/** `mark` starts a disabled line; inside a disabled map prose is disabled with it. */
function options(all: readonly Option[], indent: string, mark = `${indent}#`): string {
  return all
    .map(({ name, description, value, inner }) => {
      const start = prose(indent, description)
      if (inner.length > 0)
        return `${start}${mark}${name}:\n${options(inner, `${mark}  `, `${mark}  `)}`
      const flow = stringify({ [name]: value }, { collectionStyle: 'flow', lineWidth: 0 }).trim()
      return `${start}${mark}${flow.replace(/^\{ ?| ?\}$/g, '')}\n`
    })
    .join('')
}

/** A sentence as comment lines of at most 100 columns; `# ` sets it apart from a disabled option. */
function prose(indent: string, sentence: string): string {
  const room = 98 - indent.length
  const lines: string[] = ['']
  for (const word of sentence.split(' ')) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length > room) lines.push(` ${word}`)
    else lines[lines.length - 1] = line
  }
  return lines.map(line => `${indent}#${line}\n`).join('')
}
