import { configSchema } from './schema.ts'
import { type Option, optionsOf, sinkKinds } from './walk.ts'

const head = `<!-- Generated from the schemas by \`npm run gen\`; do not edit. -->
# Configuration

\`orthrus run -c FILE\` reads one YAML file. Everything may be left out; unknown keys are refused.
Lengths of time are written \`30s\`, \`15m\`, \`1h\`, \`7d\`, or \`0\`. \`orthrus check -c FILE\` prints every
fault with its line and the fix. [config.example.yaml](../config.example.yaml) holds the same options.
`

/** `docs/configuration.md`: a table for each section and each kind of sink. */
export function configReference(): string {
  const sections = Object.entries(configSchema.properties).map(([name, schema]) => {
    const start = `## \`${name}\`\n\n${String(Reflect.get(schema, 'description'))}\n`
    return name === 'sinks'
      ? `${start}${sinks(schema)}`
      : `${start}\n${optionTable(optionsOf(schema))}`
  })
  return [head, ...sections].join('\n')
}

function sinks(schema: object): string {
  return sinkKinds(schema)
    .map(kind => {
      const options = kind.options.length === 0 ? 'No options.\n' : optionTable(kind.options)
      return `\n### \`type: ${kind.type}\`\n\n${kind.description}\n\n${options}`
    })
    .join('')
}

/** A Markdown table of options; those of inner maps are named by their place. */
export function optionTable(options: readonly Option[]): string {
  const rows = options
    .flatMap(flat)
    .map(({ name, description, value, required, type, allowed }) => {
      const standard = required ? 'must be given' : `\`${JSON.stringify(value)}\``
      return `| ${[`\`${name}\``, type, standard, allowed, description].map(cell).join(' | ')} |\n`
    })
  return `| option | is | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`
}

/** A map inside a section is named by its place: `flow.tcp_timeout`. */
function flat(option: Option): Option[] {
  if (option.inner.length === 0) return [option]
  return option.inner.flatMap(one => flat({ ...one, name: `${option.name}.${one.name}` }))
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
