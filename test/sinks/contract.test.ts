import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../src/operate/log.ts'
import * as sinks from '../../src/sinks/index.ts'
import { Output } from '../../src/sinks/output.ts'
import { type SinkKind } from '../../src/sinks/sink.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { alert } from './alert.ts'
import { library, startMockCluster } from './support/mock-kafka.ts'
import { configured } from './support/open.ts'
import { startReceiver } from './support/receiver.ts'

const local = { allow_http: true, allow_private: true }

/** A far side of each kind, and the options that lead to it. */
const needed: Record<string, () => Promise<Record<string, unknown>>> = {
  console: async () => ({}),
  file: async () => ({ path: join(temporaryDirectory(), 'alerts.jsonl') }),
  async kafka() {
    const cluster = startMockCluster(1)
    cluster.createTopic('orthrus.alerts', 2)
    return { brokers: cluster.brokers, transport: 'tcp' }
  },
  webhook: async () => ({ url: (await startReceiver()).url, ...local }),
  slack: async () => ({ url: (await startReceiver(response => response.end('ok'))).url, ...local }),
  async syslog() {
    const server = createServer(socket => socket.resume().on('error', () => undefined))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, transport: 'tcp' }
  },
}

test('every kind is tested', () => {
  expect(Object.keys(needed).sort()).toEqual(Object.keys(sinks).sort())
})

const context = () => {
  const stream = new PassThrough()
  stream.resume()
  return { name: 'test', log: createLog({ level: 'silent' }), output: new Output(stream) }
}

const kinds = Object.entries<SinkKind>(sinks)
const testable = kinds.filter(([name]) => name !== 'kafka' || library !== undefined)

/** The options of a kind and of the maps in it, by their path. */
function allOptions(schema: object, path = ''): [string, object][] {
  const { properties = {} } = schema as { properties?: Record<string, object> }
  return Object.entries(properties).flatMap(([name, one]) => [
    [path + name, one] as [string, object],
    ...allOptions(one, `${path}${name}.`),
  ])
}

describe.each(testable)('sink %s', (name, kind) => {
  const options = async () => (await needed[name]?.()) ?? {}
  const open = async () => kind.open(configured(name, await options()), context())

  test('describes itself and each of its options, and refuses unknown ones', async () => {
    expect(kind.schema).toMatchObject({ description: expect.stringMatching(/\.$/) })
    for (const [option, schema] of allOptions(kind.schema)) {
      expect(schema, option).toMatchObject({ description: expect.stringMatching(/\.$/) })
    }
    const wrong = { ...(await options()), nonsense: 1 }
    expect(() => configured(name, wrong)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('nonsense'),
      }),
    )
  })

  test('opens with its defaults', async () => {
    const sink = await open()
    await sink.check?.()
    await sink.close()
  })

  test('takes an empty batch, one alert, and many at once', async () => {
    const sink = await open()
    await sink.send([])
    await sink.send([alert(1)])
    await Promise.all([sink.send([alert(2), alert(3)]), sink.send([alert(4)])])
    await sink.close()
  })

  test('can be opened anew between two batches', async () => {
    const sink = await open()
    await sink.send([alert(1)])
    await sink.reopen?.()
    await sink.send([alert(2)])
    await sink.close()
  })

  test('can be closed twice', async () => {
    const sink = await open()
    await sink.close()
    await sink.close()
  })

  test('keeps secrets out of its options’ faults', async () => {
    for (const [option, schema] of allOptions(kind.schema)) {
      if (/password|passphrase|token$|^url$|secret/.test(option)) {
        expect('items' in schema ? schema.items : schema, option).toMatchObject({ secret: true })
      }
    }
  })
})
