import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CaptureInterfaces, readCapture } from '../../src/capture/pcap.ts'
import { SensorError } from '../../src/errors.ts'
import { noise } from '../generate/bytes.ts'
import {
  type CapturedPacket,
  gzipMembers,
  Pcapng,
  pcap,
  pcapHeader,
  pcapng,
  START,
} from '../generate/pcap.ts'
import { collect, type Read } from './pcap-collect.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orthrus-pcap-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function read(bytes: Uint8Array, name = 'in.pcap', chunk?: number): Promise<Read> {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return collect(path, chunk)
}

const sizes = [60, 0, 1, 7, 8, 9, 1514, 65_549, 262_144, 14]
const packets: CapturedPacket[] = sizes.map((size, i) => ({
  time: START + BigInt(i) * 999_999_999n,
  bytes: noise(size, i),
  wirelen: size + (i % 2) * 100,
}))
const rounded = (unit: bigint) =>
  packets.map(({ time, bytes, wirelen }) => ({ time: time - (time % unit), bytes, wirelen }))

/** One line a packet: comparing long arrays element by element takes the test runner seconds. */
function brief(
  list: readonly { time: bigint; bytes: Uint8Array; wirelen?: number | undefined }[],
): string[] {
  return list.map(({ time, bytes, wirelen }) => {
    const digest = createHash('sha1').update(bytes).digest('hex')
    return `${time} ${bytes.length}/${wirelen} ${digest}`
  })
}

describe('classic pcap', () => {
  test.each([
    ['us', false],
    ['us', true],
    ['ns', false],
    ['ns', true],
    ['modified', false],
    ['modified', true],
  ] as const)('%s, big-endian %s: every packet as written', async (resolution, bigEndian) => {
    const { error, rows, lastTime } = await read(pcap(packets, { resolution, bigEndian }))
    expect(error).toBeUndefined()
    const expected = rounded(resolution === 'ns' ? 1n : 1000n)
    expect(brief(rows)).toEqual(brief(expected))
    expect(lastTime).toBeCloseTo(Number(expected.at(-1)?.time) / 1000, 0)
  })

  test('carries link type and the file as interface', async () => {
    const { rows, interfaces } = await read(
      pcap(packets, { linktype: 276 | 0x4000_0000 }),
      'a.pcap',
    )
    expect(rows[0]).toMatchObject({ linktype: 276, ifindex: 1 })
    expect(interfaces.name(1)).toBe('a.pcap')
  })

  test('time may go backwards and reach the limits of 32 bits', async () => {
    const times = [4_294_967_295_999_999_000n, 0n, 1_999_999_000n, 1_000n, 65_536_000_000_000n]
    const list = times.map(time => ({ time, bytes: noise(4) }))
    expect((await read(pcap(list))).rows.map(row => row.time)).toEqual(times)
  })

  test('lengths of files before version 2.3 stand the other way round', async () => {
    const file = pcap([{ time: 0n, bytes: noise(60), wirelen: 1000 }], { minor: 2 })
    file.writeUInt32LE(1000, 32)
    file.writeUInt32LE(60, 36)
    expect((await read(file)).rows[0]).toMatchObject({ bytes: noise(60), wirelen: 1000 })
  })

  test.each([1, 17, 4096, 65_536])('chunks of %i bytes give the same', async chunk => {
    const whole = await read(pcap(packets), 'chunk.pcap')
    const pieces = await collect(join(folder, 'chunk.pcap'), chunk)
    expect(brief(pieces.rows)).toEqual(brief(whole.rows))
  })

  test('a header alone is a capture without packets', async () => {
    expect(await read(pcapHeader())).toMatchObject({ rows: [], error: undefined })
  })
})

describe('pcapng', () => {
  test.each([false, true])('big-endian %s: interfaces, resolutions, offsets', async bigEndian => {
    const bytes = noise(61)
    const file = new Pcapng({ bigEndian })
      .section([[4, Buffer.from('a tool')]])
      .interface({ name: 'eth0' })
      .interface({ name: 'tun0', linktype: 101, resolution: 9 })
      .interface({ name: 'slow', resolution: 3 })
      .interface({ name: 'power', resolution: 0x80 | 20 })
      .interface({ name: 'shifted', offset: -10n })
      .interface({ name: 'pico', resolution: 12 })
      .packet(0, 1_700_000_000_123_456n, bytes)
      .packet(1, 1_700_000_000_123_456_789n, bytes)
      .packet(2, 1_700_000_000_123n, bytes)
      .packet(3, (1_700_000_000n << 20n) | (1n << 19n), bytes)
      .packet(4, 1_700_000_000_123_456n, bytes)
      .packet(5, 1_700_000_000_123_456_789n, bytes, {
        wirelen: 900,
        options: [[1, Buffer.from('!')]],
      })
    const { rows, interfaces, error } = await read(file.bytes())
    expect(error).toBeUndefined()
    expect(rows.map(row => [interfaces.name(row.ifindex), row.linktype, row.time])).toEqual([
      ['eth0', 1, 1_700_000_000_123_456_000n],
      ['tun0', 101, 1_700_000_000_123_456_789n],
      ['slow', 1, 1_700_000_000_123_000_000n],
      ['power', 1, 1_700_000_000_500_000_000n],
      ['shifted', 1, 1_699_999_990_123_456_000n],
      ['pico', 1, 1_700_000_000_123_456n],
    ])
    expect(rows.every(row => Buffer.compare(row.bytes, bytes) === 0)).toBe(true)
    expect(rows[5]?.wirelen).toBe(900)
  })

  test('sections of both byte orders in a row, names keep their index', async () => {
    const one = new Pcapng().section().interface({ name: 'a' }).interface({ name: 'b' })
    const two = new Pcapng({ bigEndian: true }).section().interface({ name: 'b' })
    one.packet(1, 5n, noise(3))
    two.packet(0, 6n, noise(5))
    const { rows } = await read(Buffer.concat([one.bytes(), two.bytes()]))
    expect(rows.map(row => [row.ifindex, row.time])).toEqual([
      [2, 5000n],
      [2, 6000n],
    ])
  })

  test('simple and obsolete packets, unknown blocks of any size', async () => {
    const file = new Pcapng()
      .section()
      .interface({ snaplen: 100 })
      .obsolete(0, 7n, noise(33), 44)
      .block(0xbad, noise(2_000_000))
      .simple(noise(99))
      .simple(noise(100), 1500)
      .block(5, noise(40))
    const { rows, error } = await read(file.bytes(), 'blocks.pcapng')
    expect(error).toBeUndefined()
    expect(rows.map(row => [row.time, row.bytes.length, row.wirelen])).toEqual([
      [7000n, 33, 44],
      [7000n, 99, 99],
      [7000n, 100, 1500],
    ])
  })

  test('interfaces without name are called after the file', async () => {
    const file = new Pcapng().section().interface({}).interface({}).packet(1, 0n, noise(1))
    const { rows, interfaces } = await read(file.bytes(), 'x.pcapng')
    expect(interfaces.name(rows[0]?.ifindex ?? 0)).toBe('x.pcapng#1')
  })

  test('packets of other link types are left out and counted', async () => {
    const file = new Pcapng().section().interface({ linktype: 220 }).interface({})
    file.packet(0, 1n, noise(9)).packet(1, 2n, noise(9)).packet(0, 3n, noise(9))
    const { rows, skipped, error } = await read(file.bytes())
    expect({ rows: rows.length, skipped, error }).toEqual({ rows: 1, skipped: 2, error: undefined })
  })

  test('microseconds near 2^64 and negative times stay in range', async () => {
    const file = new Pcapng().section().interface({ offset: -100n })
    file.packet(0, 5n, noise(1)).packet(0, 0xffff_ffff_ffff_ffffn, noise(1))
    const { rows } = await read(file.bytes())
    expect(rows.map(row => row.time)).toEqual([0n, 0xffff_ffff_ffff_ffffn])
  })

  test.each([false, true])('the generator and the reader agree, big-endian %s', async bigEndian => {
    const { rows } = await read(pcapng(packets, { bigEndian }))
    expect(brief(rows)).toEqual(brief(packets))
  })
})

describe('gzip and streams', () => {
  const file = pcap(packets)

  test('gzip of several members gives the same packets', async () => {
    const plain = await read(file)
    const packed = gzipMembers(
      file.subarray(0, 20),
      file.subarray(20, 70_000),
      file.subarray(70_000),
    )
    const { rows, error } = await read(packed, 'in.pcap.gz')
    expect(error).toBeUndefined()
    expect(brief(rows)).toEqual(brief(plain.rows))
  })

  test('bytes after the last gzip member are ignored', async () => {
    const { rows, error } = await read(Buffer.concat([gzipMembers(file), Buffer.alloc(512)]))
    expect([rows.length, error]).toEqual([packets.length, undefined])
  })

  test('a truncated gzip gives all that was unpacked, then the fault', async () => {
    const many = pcap(Array.from({ length: 2000 }, (_, i) => ({ time: 0n, bytes: noise(100, i) })))
    const packed = gzipMembers(many)
    const { rows, error } = await read(packed.subarray(0, packed.length / 2), 'cut.gz')
    expect(error).toMatchObject({ code: 'CAPTURE_DAMAGED', exit: 1 })
    expect(error?.message).toContain('gzip stream does not end')
    expect(rows.length).toBeGreaterThan(900)
  })

  test('a broken gzip is named', async () => {
    const packed = gzipMembers(pcap(packets))
    packed.fill(0xff, packed.length - 5000)
    expect((await read(packed)).error?.message).toContain('not sound gzip')
  })

  test.each([1, 13, 4096, 70_000])('a pipe that gives %i bytes at a time', async size => {
    const small = pcap(packets.filter(packet => size > 1 || packet.bytes.length < 2000))
    const pieces = Array.from({ length: Math.ceil(small.length / size) }, (_, i) =>
      small.subarray(i * size, (i + 1) * size),
    )
    const { rows, error } = await collect(Readable.from(pieces))
    expect(error).toBeUndefined()
    expect(rows.length).toBe(size > 1 ? packets.length : 8)
  })

  test('packets of a pipe come before it ends', async () => {
    const stream = new Readable({ read: () => undefined })
    const batches = readCapture(stream)[Symbol.asyncIterator]()
    stream.push(file.subarray(0, 24 + 16 + 60 + 3))
    const first = await batches.next()
    expect(first.value?.packets).toBe(1)
    await batches.return?.()
    expect(stream.destroyed).toBe(true)
  })
})

describe('a reader that is left early', () => {
  const file = pcap(Array.from({ length: 3000 }, (_, i) => ({ time: 0n, bytes: noise(1400, i) })))

  test.each([
    ['a file', file],
    ['a gzip', gzipMembers(file)],
  ])('closes %s', async (_, bytes) => {
    const path = join(folder, 'early')
    writeFileSync(path, bytes)
    const before = openFiles(path)
    for await (const batch of readCapture(path, { chunk: 8192 })) {
      expect(batch.packets).toBeGreaterThan(0)
      expect(openFiles(path)).toBe(before + 1)
      break
    }
    expect(openFiles(path)).toBe(before)
  })

  test('closes a gzip on a pipe that says nothing more', async () => {
    const stream = new Readable({ read: () => undefined })
    stream.push(gzipMembers(file).subarray(0, 500_000))
    for await (const batch of readCapture(stream)) {
      expect(batch.packets).toBeGreaterThan(0)
      break
    }
    expect(stream.destroyed).toBe(true)
  })

  test('a named pipe is read as it is filled', async () => {
    const path = join(folder, 'fifo')
    execFileSync('mkfifo', [path])
    const writer = spawn('sh', ['-c', `cat > ${path}`], { stdio: ['pipe', 'ignore', 'ignore'] })
    writer.stdin.end(file)
    const { rows, error } = await collect(path)
    expect([rows.length, error]).toEqual([3000, undefined])
  })
})

function openFiles(path: string): number {
  return readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  }).length
}

describe('refusals', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'CAPTURE_DAMAGED', 'is empty'],
    ['text', Buffer.from('{"a": 1}\n{"b": 2}'), 'CAPTURE_UNSUPPORTED', 'it is text'],
    ['three letters', Buffer.from('abc'), 'CAPTURE_UNSUPPORTED', 'not a capture'],
    [
      'an ELF file',
      Buffer.from('\x7fELF\x02\x01\x01\0\0\0\0\0'),
      'CAPTURE_UNSUPPORTED',
      '7f454c46',
    ],
    ['snoop', Buffer.from('snoop\0\0\0\0\0\0\x02'), 'CAPTURE_UNSUPPORTED', 'Solaris snoop'],
    ['zstd', Buffer.from('28b52ffd0000000000000000', 'hex'), 'CAPTURE_UNSUPPORTED', 'zstd -dc'],
    ['half a header', pcapHeader().subarray(0, 20), 'CAPTURE_DAMAGED', 'inside its file header'],
    ['Bluetooth', pcapHeader({ linktype: 187 }), 'CAPTURE_UNSUPPORTED', '187 (Bluetooth HCI'],
    ['link type 999', pcapHeader({ linktype: 999 }), 'CAPTURE_UNSUPPORTED', 'link type 999 of'],
  ])('%s', async (_, bytes, code, text) => {
    const { rows, error } = await read(bytes)
    expect(rows).toEqual([])
    expect(error).toBeInstanceOf(SensorError)
    expect(error).toMatchObject({ code, exit: 1, message: expect.stringContaining(text) })
  })

  test('a capture with nothing but other link types', async () => {
    const file = new Pcapng().section().interface({ linktype: 195 }).packet(0, 1n, noise(5))
    const { error, skipped } = await read(file.bytes())
    expect(error?.message).toContain('link type 195 (IEEE 802.15.4)')
    expect(skipped).toBe(1)
  })

  test.each([
    ['/nonexistent/x.pcap', 'no such file'],
    ['/tmp', 'it is a folder'],
  ])('%s cannot be read', async (path, text) => {
    const { error } = await collect(path)
    expect(error).toMatchObject({
      code: 'CAPTURE_UNREADABLE',
      message: expect.stringContaining(text),
    })
  })

  test('a file cut at any byte gives its complete packets and the place', async () => {
    const small = packets.filter(packet => packet.bytes.length < 100)
    for (const [file, ends] of [
      [pcap(small), classicEnds(small)],
      [pcapng(small), ngEnds(small)],
    ] as const) {
      for (let size = 1; size < file.length; size++) {
        const { rows, error } = await collect(Readable.from([file.subarray(0, size)]))
        expect(rows.length).toBe(ends.filter(end => end <= size).length)
        // At the very end of a record nobody can tell.
        if (error) expect(error.code).toMatch(/^CAPTURE_(DAMAGED|UNSUPPORTED)$/)
        else expect([...ends, 24, 28, 68].some(end => end === size)).toBe(true)
      }
    }
  })

  test.each([
    ['beyond any limit', 0x7fff_ffff, 0x7fff_ffff],
    ['beyond snaplen and wire', 2000, 100],
  ])('a captured length %s is refused with its place', async (_, caplen, wirelen) => {
    const file = pcap([{ time: 0n, bytes: noise(10) }], { snaplen: 1000 })
    const record = Buffer.alloc(16)
    record.writeUInt32LE(caplen, 8)
    record.writeUInt32LE(wirelen, 12)
    const { rows, error } = await read(Buffer.concat([file, record, noise(3000)]))
    expect(rows.length).toBe(1)
    expect(error?.message).toMatch(new RegExp(`at byte 50: a packet of ${caplen} captured bytes`))
  })

  test.each([
    ['block length 13', 0, 13],
    ['the two lengths of a block', 24, 0],
    ['a section without byte-order magic', 8, 1],
  ])('pcapng is refused for %s', async (text, at, value) => {
    const file = pcapng(packets.slice(0, 2))
    file.writeUInt32LE(value, at === 0 ? 4 : at)
    expect((await read(file)).error?.message).toContain(text)
  })

  test('a packet of an interface that is not described', async () => {
    const file = new Pcapng().section().interface({}).packet(3, 0n, noise(1)).bytes()
    expect((await read(file)).error?.message).toContain('interface 3, which is not described')
  })
})

function classicEnds(list: readonly CapturedPacket[]): number[] {
  let at = 24
  return list.map(packet => (at += 16 + packet.bytes.length))
}

function ngEnds(list: readonly CapturedPacket[]): number[] {
  let at = pcapng([]).length
  return list.map(packet => (at += 32 + ((packet.bytes.length + 3) & ~3)))
}

describe('corruption', () => {
  const sources = [
    pcap(packets.slice(0, 7)),
    pcap(packets.slice(0, 7), { bigEndian: true, resolution: 'ns' }),
    pcapng(packets.slice(0, 7)),
    pcapng(packets.slice(0, 7), { bigEndian: true }),
    gzipMembers(pcap(packets.slice(0, 7))),
  ]
  const change = fc.record({
    at: fc.nat(4000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  })

  test('changed bytes never give anything but packets and SensorError', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(4000),
        async (source, changes, cut) => {
          const bytes = Buffer.from(source)
          for (const { at, bytes: patch } of changes)
            bytes.set(patch.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length))
          const stream = Readable.from([
            bytes.subarray(0, 40),
            bytes.subarray(40, bytes.length - cut),
          ])
          const { rows, error } = await collect(stream)
          if (error) expect(error).toBeInstanceOf(SensorError)
          const total = rows.reduce((sum, row) => sum + row.bytes.length, 0)
          expect(total).toBeLessThanOrEqual(4_000_000)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('any bytes behind a good header never throw anything else', async () => {
    const headers = [pcapHeader(), pcapHeader({ bigEndian: true }), pcapng([])]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...headers),
        fc.uint8Array({ maxLength: 500 }),
        async (head, tail) => {
          const { error } = await collect(Readable.from([Buffer.concat([head, tail])]))
          if (error) expect(error).toBeInstanceOf(SensorError)
        },
      ),
      { numRuns: 300 },
    )
  })
})

test('interfaces are bounded: names beyond 65,535 share the last index', () => {
  const table = new CaptureInterfaces()
  for (let i = 0; i < 65_535; i++) table.index(`if${i}`)
  expect([table.index('more'), table.index('even more'), table.index('if7')]).toEqual([
    65_535, 65_535, 8,
  ])
})
