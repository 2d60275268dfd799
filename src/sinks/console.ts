import { Type } from '../config/type.ts'
import { alertLine } from './alert-line.ts'
import { defineSink } from './sink.ts'

const schema = Type.Object(
  {
    format: Type.Enum(['auto', 'text', 'json'], {
      default: 'auto',
      description:
        'Lines for people or JSON; auto follows `--output`, else whether stdout is a terminal.',
    }),
  },
  { additionalProperties: false, description: 'Standard output.' },
)

export const consoleSink = defineSink(schema, async ({ format }, { output }) => {
  const text = format === 'text' || (format === 'auto' && output.people)
  return {
    send: batch =>
      output.write(
        batch.map(alert => (text ? alertLine(alert, output.color) : `${alert.json}\n`)).join(''),
      ),
    close: async () => undefined,
  }
})
