import { describe, expect, test } from 'vitest'
import { loadObject } from '../../src/capture/bpf-object.ts'
import { readCounters } from '../../src/capture/counters.ts'
import { testRun } from '../../src/capture/prog-test-run.ts'
import { RingReader } from '../../src/capture/ring-buffer.ts'
import { mapRing } from '../../src/capture/ring-map.ts'
import { SensorError } from '../../src/errors.ts'
import { isRoot } from './support/root.ts'
import { compileTiny } from './support/tiny.ts'

const frame = new Uint8Array(64).fill(1)

function settings(interval: bigint): Uint8Array {
  const bytes = new BigUint64Array(10)
  bytes[0] = interval
  return new Uint8Array(bytes.buffer)
}

test('a missing object file is NOT_BUILT and names make', () => {
  expect(() => loadObject({ path: '/nonexistent.o' })).toThrow(
    expect.objectContaining({ code: 'NOT_BUILT', message: expect.stringContaining('`make`') }),
  )
})

describe.skipIf(!isRoot)('a BPF object in the kernel', () => {
  const path = isRoot ? compileTiny() : ''

  test('takes settings, map sizes and only the wanted programs', () => {
    const object = loadObject({
      path,
      settings: settings(12345n),
      maxEntries: { events: 1 << 16, flows4: 4096 },
      programs: ['orthrus_l2_ingress'],
    })
    const ring = mapRing(object.map('events'))
    const reader = new RingReader(ring)
    expect(object.map('events').maxEntries).toBe(1 << 16)
    expect(object.map('flows4')).toMatchObject({ maxEntries: 4096, keySize: 16, valueSize: 200 })
    expect(object.program('foreign')).toBeLessThan(0)
    const result = testRun(object.program('orthrus_l2_ingress'), { data: frame })
    expect(result.returned).toBe(-1)
    const seen: number[][] = []
    reader.drain({
      record: (view, offset, length) =>
        void seen.push([
          length,
          ...[0, 8, 16].map(at => Number(view.getBigUint64(offset + at, true))),
        ]),
    })
    expect(seen).toEqual([[40, 64, 12345, 0]])
    ring.unmap()
    object.close()
    object.close()
  })

  test('its ring gives every record of the kernel in order, over many rounds, discards skipped', () => {
    const object = loadObject({ path, maxEntries: { events: 4096 } })
    const program = object.program('orthrus_l2_egress')
    const ring = mapRing(object.map('events'))
    const reader = new RingReader(ring)
    const numbers: number[] = []
    const taker = {
      record: (view: DataView, offset: number) =>
        void numbers.push(Number(view.getBigUint64(offset + 16, true))),
    }
    for (let round = 0; round < 100; round++) {
      testRun(program, { data: frame, repeat: 1 + ((round * 13) % 70) })
      reader.drain(taker, 1 + ((round * 7) % 90))
    }
    while (reader.drain(taker) > 0);
    const { packets, sent } = readCounters(object.map('counters'))
    const lost = readCounters(object.map('counters')).lost.message
    expect(packets).toBe(sent.message + lost)
    expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))).toBe(true)
    expect(numbers.some(number => number % 7 === 3)).toBe(false)
    expect(numbers.length).toBeGreaterThan(2000)
    ring.unmap()
    object.close()
  })

  test('a test run says how long the program takes and gives it the context', () => {
    const object = loadObject({ path })
    const context = new Uint8Array(192)
    new DataView(context.buffer).setUint32(40, 1, true) // ifindex of lo
    const program = object.program('orthrus_l2_ingress')
    const { duration } = testRun(program, { data: frame, context, repeat: 1000 })
    expect(duration).toBeGreaterThan(0)
    object.close()
  })

  test('a refused program is BPF_LOAD_FAILED with the end of the verifier’s log', () => {
    const refused = compileTiny('-DREFUSED')
    const error = thrown(() => loadObject({ path: refused }))
    expect(error).toMatchObject({ code: 'BPF_LOAD_FAILED', exit: 1 })
    expect(error.message).toContain(`cannot load \`${refused}\`: EACCES`)
    expect(error.message).toContain('invalid access to packet')
    expect(error.message.split('\n').length).toBeLessThan(16)
  })

  test('settings of another size are refused before anything is loaded', () => {
    const error = thrown(() => loadObject({ path, settings: new Uint8Array(8) }))
    expect(error.message).toMatch(/settings are 8 bytes, it has 80 bytes/)
  })

  test('a map too large for the kernel names errno and the option', () => {
    const error = thrown(() => loadObject({ path, maxEntries: { flows4: 2 ** 32 - 1 } }))
    expect(error.code).toBe('BPF_LOAD_FAILED')
    expect(error.message).toMatch(/E2BIG|ENOMEM|EINVAL/)
  })

  test.each([
    ['map', () => loadObject({ path }).map('none')],
    ['program', () => loadObject({ path }).program('none')],
  ])('a %s that is not there is named', (what, ask) => {
    expect(thrown(ask).message).toContain(`no ${what} \`none\``)
  })

  test('a file that is no BPF object is refused with errno', () => {
    expect(thrown(() => loadObject({ path: '/bin/true' })).code).toBe('BPF_LOAD_FAILED')
  })
})

function thrown(work: () => unknown): SensorError {
  try {
    work()
  } catch (error) {
    if (error instanceof SensorError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
