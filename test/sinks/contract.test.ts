import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../src/operate/log.ts'
import * as sinks from '../../src/sinks/index.ts'
import { Output } from '../../src/sinks/output.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { alert } from './alert.ts'

/** The options that a kind cannot do without. */
const needed: Record<string, () => Record<string, unknown>> = {
  console: () => ({}),
  file: () => ({ path: join(temporaryDirectory(), 'alerts.jsonl') }),
}

const context = () => {
  const stream = new PassThrough()
  stream.resume()
  return { name: 'test', log: createLog({ level: 'silent' }), output: new Output(stream) }
}

describe.each(Object.entries(sinks))('sink %s', (name, kind) => {
  const options = () => needed[name]?.() ?? {}

  test('describes itself and each of its options, and refuses unknown ones', async () => {
    expect(kind.schema).toMatchObject({ description: expect.stringMatching(/\.$/) })
    for (const [option, schema] of Object.entries(kind.schema.properties)) {
      expect(schema, option).toMatchObject({ description: expect.stringMatching(/\.$/) })
    }
    await expect(kind.open({ ...options(), nonsense: 1 }, context())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('nonsense'),
    })
  })

  test('opens with its defaults and the type that the configuration names', async () => {
    const sink = await kind.open({ type: name, ...options() }, context())
    await sink.check?.()
    await sink.close()
  })

  test('takes an empty batch, one alert, and many at once', async () => {
    const sink = await kind.open(options(), context())
    await sink.send([])
    await sink.send([alert(1)])
    await Promise.all([sink.send([alert(2), alert(3)]), sink.send([alert(4)])])
    await sink.close()
  })

  test('can be opened anew between two batches', async () => {
    const sink = await kind.open(options(), context())
    await sink.send([alert(1)])
    await sink.reopen?.()
    await sink.send([alert(2)])
    await sink.close()
  })

  test('can be closed twice', async () => {
    const sink = await kind.open(options(), context())
    await sink.close()
    await sink.close()
  })
})
