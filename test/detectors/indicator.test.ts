import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IpAddress } from '../../src/decode/address.ts'
import { l7 } from '../../src/decode/record.ts'
import { IndicatorIndex } from '../../src/detectors/indicator-index.ts'
import { loadLists } from '../../src/detectors/indicator-lists.ts'
import { IndicatorStore } from '../../src/detectors/indicator-store.ts'
import { certificateHash, recognise } from '../../src/detectors/indicator-value.ts'
import { createLog } from '../../src/operate/log.ts'
import * as p from '../generate/packets.ts'
import { DAY, START, World } from './world.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orthrus-lists-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function list(name: string, content: string | object): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function load(...sources: string[]) {
  return loadLists({ sources, limit: 1000, copies: folder })
}

const forever = { source: 0, label: '', until: 0 }
const words = (text: string) => {
  const address = IpAddress.parse(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return [address.family, address.word0, address.word1, address.word2, address.word3] as const
}

describe('what a list writes', () => {
  test.each([
    ['bad.example', 'domain bad.example'],
    ['*.Bad.Example.', 'domain bad.example'],
    ['bad[.]example', 'domain bad.example'],
    ['||bad.example^', 'domain bad.example'],
    ['hxxps://bad[.]example/', 'domain bad.example'],
    ['https://bad.example/x?y=1#z', 'url bad.example/x?y=1'],
    ['http://203.0.113.9', 'address 203.0.113.9/32'],
    ['203.0.113.9:8080', 'address 203.0.113.9/32'],
    ['203.0.113.0/24', 'address 203.0.113.0/24'],
    ['2001:db8::1', 'address 2001:db8::1/128'],
    ['2001:db8::/32', 'address 2001:db8::/32'],
    ['e7d705a3286e19ea42f587b344ee6865', 'ja3 e7d705a3286e19ea42f587b344ee6865'],
    ['t13d1516h2_8daaf6152771_02713d6af862', 'ja4 t13d1516h2_8daaf6152771_02713d6af862'],
    [`${'AB'.repeat(20)}`, `certificate ${'ab'.repeat(20)}`],
    ['0.0.0.0/0', undefined],
    ['1.0.0.0/7', undefined],
    ['localhost', undefined],
    ['2026-03-01 10:00:00', undefined],
    ['', undefined],
    ['a'.repeat(4000), undefined],
  ])('%s is %s', (text, expected) => {
    const found = recognise(text)
    const shown =
      found?.kind === 'address'
        ? `address ${found.address.text}/${found.length}`
        : found && `${found.kind} ${found.text}`
    expect(shown).toBe(expected)
  })

  test('a certificate may have colons', () => {
    expect(certificateHash(`${'AB:'.repeat(19)}AB`)).toEqual({
      kind: 'certificate',
      text: 'ab'.repeat(20),
    })
    expect(certificateHash('AB')).toBeUndefined()
  })
})

describe('the index', () => {
  test('finds a domain and all below it, and no other', () => {
    const index = new IndicatorIndex()
    index.addText('domain', 'bad.example', forever)
    for (const name of ['bad.example', 'BAD.example', 'a.bad.example', 'a.b.bad.example']) {
      expect(index.findDomain(name)).toBe(name.length - 'bad.example'.length)
    }
    for (const name of [
      'example',
      'notbad.example',
      'bad.example.org',
      'ad.example',
      '',
      '.',
      'bad',
    ]) {
      expect(index.findDomain(name)).toBe(-1)
    }
  })

  test('finds addresses in networks, as comparing bits does', () => {
    const network = fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 }))
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), fc.ipV4(), (networks, asked) => {
        const index = new IndicatorIndex()
        for (const [text, length] of networks)
          index.addNetwork(4, words(text).slice(1), length, forever)
        const [, word] = words(asked)
        const expected = networks
          .filter(
            ([text, length]) => (words(text)[1] ^ word) >>> (32 - length) === 0 || length === 0,
          )
          .map(([, length]) => length)
        // A shift by 32 shifts by none: the whole address is compared apart.
        const whole = networks.some(([text, length]) => length === 32 && words(text)[1] === word)
        const longest = Math.max(-1, ...expected.filter(length => length < 32 || whole))
        expect(index.findAddress(4, word, 0, 0, 0)).toBe(longest)
      }),
    )
  })

  test('finds IPv6 networks', () => {
    const index = new IndicatorIndex()
    index.addNetwork(6, words('2001:db8:1::').slice(1), 48, forever)
    expect(index.findAddress(...words('2001:db8:1:ffff::9'))).toBe(48)
    expect(index.findAddress(...words('2001:db8:2::9'))).toBe(-1)
    expect(index.findAddress(0, 0, 0, 0, 0)).toBe(-1)
  })

  test('keeps what it was told over all that is added later', () => {
    const index = new IndicatorIndex()
    for (let n = 0; n < 20_000; n++) {
      index.addText('domain', `n${n}.example`, {
        source: n % 200,
        label: `l${n % 70_000}`,
        until: n,
      })
    }
    expect(index.size).toBe(20_000)
    for (const n of [0, 1, 999, 19_999]) {
      expect(index.findDomain(`n${n}.example`)).toBe(0)
      expect(index.entry(index.slot)).toEqual({ source: n % 200, label: `l${n}`, until: n })
    }
    expect(index.findDomain('n20000.example')).toBe(-1)
  })

  test('of an indicator listed twice keeps the entry that holds longer', () => {
    const index = new IndicatorIndex()
    index.addText('ja3', 'aa', { source: 1, label: 'one', until: 10 })
    index.addText('ja3', 'aa', { source: 2, label: 'two', until: 20 })
    index.addText('ja3', 'aa', { source: 3, label: 'three', until: 15 })
    expect(index.entry(index.findText('ja3', 'AA'))).toEqual({ source: 2, label: 'two', until: 20 })
    expect(index.findText('ja4', 'aa')).toBe(-1)
    expect(index.size).toBe(1)
  })
})

describe('a list', () => {
  const has = (loaded: ReturnType<typeof load>, name: string) => loaded.index.findDomain(name) >= 0

  test('of lines, with comments and a hosts file', () => {
    const loaded = load(
      list('plain.txt', '# bad\n\nbad.example ; a bot\n203.0.113.9\r\n// x\n!y\n'),
      list('hosts', '127.0.0.1 localhost.localdomain\n0.0.0.0 ads.example # x\n'),
    )
    expect(loaded.faults).toEqual([])
    expect([has(loaded, 'bad.example'), has(loaded, 'ads.example')]).toEqual([true, true])
    expect(loaded.index.size).toBe(4)
    expect(loaded.index.findDomain('bad.example')).toBe(0)
    expect(loaded.index.entry(loaded.index.slot).label).toBe('a bot')
  })

  test('in CSV takes the columns that its head names', () => {
    const text =
      '# "first_seen","ioc_value","ioc_type","malware_printable"\n"2026-03-01","bad.example:443 x","?","Nothing"\n"2026-03-01","c2.example","domain","Cobalt, Strike"\n'
    const loaded = load(list('feed.csv', text))
    expect(has(loaded, 'c2.example')).toBe(true)
    expect(loaded.index.entry(loaded.index.slot).label).toBe('Cobalt, Strike')
    expect(loaded.faults).toMatchObject([
      { line: 2, message: expect.stringContaining('1 entries are not understood') },
    ])
  })

  test('in CSV without a head takes the first that it understands, and an end where there is one', () => {
    const loaded = load(
      list('sslbl.csv', `2026-03-01 10:00:00,${'ab'.repeat(20)},Dridex C&C\n`),
      list('own.csv', 'domain;expires;comment\nbad.example;2026-03-05T00:00:00Z;ours\n'),
    )
    expect(loaded.index.findText('certificate', 'AB'.repeat(20))).toBeGreaterThanOrEqual(0)
    expect(has(loaded, 'bad.example')).toBe(true)
    expect(loaded.index.entry(loaded.index.slot)).toEqual({
      source: 1,
      label: 'ours',
      until: Date.UTC(2026, 2, 5) / 3_600_000,
    })
  })

  test('in STIX takes patterns that one comparison decides', () => {
    const indicator = (pattern: string, more = {}) => ({
      type: 'indicator',
      pattern,
      pattern_type: 'stix',
      name: 'Bot',
      ...more,
    })
    const loaded = load(
      list('stix.json', {
        type: 'bundle',
        objects: [
          { type: 'malware', name: 'x' },
          indicator("[domain-name:value = 'bad.example' OR ipv4-addr:value = '203.0.113.9']"),
          indicator("[ipv6-addr:value ISSUBSET '2001:db8::/32']", {
            valid_until: '2026-03-05T00:00:00Z',
          }),
          indicator(`[x509-certificate:hashes.'SHA-256' = '${'CD'.repeat(32)}']`),
          indicator("[url:value = 'http://bad2.example/x']"),
          indicator("[domain-name:value = 'both.example' AND ipv4-addr:value = '203.0.113.10']"),
          indicator("[domain-name:value = 'gone.example']", { revoked: true }),
          indicator("[file:hashes.MD5 = 'e7d705a3286e19ea42f587b344ee6865']"),
        ],
      }),
    )
    expect(has(loaded, 'bad.example')).toBe(true)
    expect(loaded.index.entry(loaded.index.slot).label).toBe('Bot')
    expect([has(loaded, 'both.example'), has(loaded, 'gone.example')]).toEqual([false, false])
    expect(loaded.index.findAddress(...words('203.0.113.9'))).toBe(32)
    expect(loaded.index.findAddress(...words('2001:db8::7'))).toBe(32)
    expect(loaded.index.findText('url', 'bad2.example/x')).toBeGreaterThanOrEqual(0)
    expect(loaded.index.count('ja3')).toBe(0)
    expect(loaded.faults).toMatchObject([{ line: 6 }])
  })

  test('in MISP takes what is meant for detection', () => {
    const attribute = (type: string, value: string, more = {}) => ({
      type,
      value,
      to_ids: true,
      ...more,
    })
    const loaded = load(
      list('misp.json', {
        response: [
          {
            Event: {
              info: 'Campaign',
              Attribute: [
                attribute('domain', 'bad.example'),
                attribute('ip-dst|port', '203.0.113.9|443'),
                attribute('ja3-fingerprint-md5', 'e7d705a3286e19ea42f587b344ee6865'),
                attribute('domain', 'harmless.example', { to_ids: false }),
                attribute('md5', 'e7d705a3286e19ea42f587b344ee6866'),
                attribute('x509-fingerprint-sha1', 'no hash'),
              ],
              Object: [{ Attribute: [attribute('hostname', 'c2.example')] }],
            },
          },
        ],
      }),
    )
    expect(has(loaded, 'c2.example')).toBe(true)
    expect(has(loaded, 'bad.example')).toBe(true)
    expect(loaded.index.entry(loaded.index.slot).label).toBe('Campaign')
    expect(has(loaded, 'harmless.example')).toBe(false)
    expect([loaded.index.count('ja3'), loaded.index.count('address')]).toEqual([1, 1])
    expect(loaded.faults).toMatchObject([{ line: 6 }])
  })

  test('that cannot be read is told with its place, and the others count', () => {
    const loaded = load(
      join(folder, 'missing.txt'),
      list('broken.json', '{"objects": ['),
      list('other.json', { hello: 1 }),
      list('prose.txt', 'this is no list at all\n'),
      list('good.txt', 'bad.example\n'),
    )
    expect(
      loaded.faults.map(({ file, line }) => `${file.slice(folder.length + 1)}:${line}`),
    ).toEqual(['missing.txt:1', 'broken.json:1', 'other.json:1', 'prose.txt:1'])
    expect(has(loaded, 'bad.example')).toBe(true)
  })

  test('beyond the limit is refused and counted', () => {
    const path = list(
      'long.txt',
      Array.from({ length: 1500 }, (_, n) => `n${n}.example`).join('\n'),
    )
    const loaded = load(path)
    expect([loaded.index.size, loaded.refused]).toEqual([1000, 500])
  })
})

describe('the detector', () => {
  const client = '192.168.1.10'
  const told = (world: World) =>
    world.signals.map(({ entity, score, evidence }) => [
      entity,
      score,
      evidence['kind'],
      evidence['value'],
      evidence['indicator'],
    ])
  const world = (...lines: string[]) =>
    new World('indicator', { options: { sources: [list('bad.txt', lines.join('\n'))] } })

  test('tells of names that are asked for, once an hour', () => {
    const one = world('bad.example  a bot')
    one.resolve(client, 'www.bad.example', '203.0.113.9', 0)
    one.resolve(client, 'www.bad.example', '203.0.113.9', 60)
    one.resolve(client, 'good.example', '203.0.113.9', 60)
    one.resolve(client, 'www.bad.example', '203.0.113.9', 4000)
    const expected = [client, 0.95, 'domain', 'www.bad.example', 'bad.example']
    expect(told(one)).toEqual([expected, expected])
    expect(one.signals[0]?.evidence).toMatchObject({ source: 'bad.txt', label: 'a bot' })
    expect(one.signals[0]?.message).toBe(
      '192.168.1.10 has to do with www.bad.example, which bad.txt lists (a bot)',
    )
  })

  test('tells of addresses that ours go to, and hardly of those that knock', () => {
    const one = world('203.0.113.0/24', '198.51.100.7', '192.168.9.9')
    one.flow({ to: '203.0.113.77' })
    one.flow({ from: '198.51.100.7', to: client, at: 5 })
    one.flow({ to: '192.168.9.9', at: 6 })
    one.flow({ to: '198.51.100.8', at: 7 })
    one.flow({ action: 'update', to: '203.0.113.99', at: 8 })
    expect(told(one)).toEqual([
      [client, 0.9, 'address', '203.0.113.77', '203.0.113.0/24'],
      [client, 0.3, 'address', '198.51.100.7', '198.51.100.7'],
    ])
  })

  test('tells of what TLS and HTTP show', () => {
    const hello = p.tlsRecords(p.clientHello({ sni: 'c2.bad.example' }))
    const common = {
      protocol: 6,
      from: client,
      to: '203.0.113.9',
      ports: [4000, 443] as const,
      time: 1,
    }
    const probe = world('x.example')
    probe.hear({ ...common, l7: l7.L7_TLS, payload: hello })
    const one = world('bad.example', 'hxxp://files.example/a/b.exe?x=1')
    one.hear({ ...common, l7: l7.L7_TLS, payload: hello })
    const head = 'GET /a/b.exe?x=1 HTTP/1.1\r\nHost: Files.example\r\n\r\n'
    one.hear({
      ...common,
      ports: [4001, 80],
      l7: l7.L7_HTTP,
      payload: new TextEncoder().encode(head),
    })
    expect(told(one)).toEqual([
      [client, 0.95, 'domain', 'c2.bad.example', 'bad.example'],
      [client, 0.95, 'url', 'Files.example/a/b.exe?x=1', 'Files.example/a/b.exe?x=1'],
    ])
    expect(probe.signals).toEqual([])
  })

  test('does not tell of what has expired', () => {
    const day = (at: number) => new Date((START + at) * 1000).toISOString()
    const lines = ['domain,expires', `old.example,${day(-DAY)}`, `fresh.example,${day(DAY)}`]
    const one = world(...lines)
    one.resolve(client, 'old.example', '203.0.113.9', 0)
    one.resolve(client, 'fresh.example', '203.0.113.9', 0)
    expect(told(one).map(row => row[3])).toEqual(['fresh.example'])
    expect(one.signals[0]?.evidence['expires']).toBe(day(DAY))
  })

  test('refuses a schedule that is none', () => {
    expect(() => new World('indicator', { options: { refresh: 'hourly' } })).toThrow(
      /`hourly` is no schedule/,
    )
  })
})

describe('a running store', () => {
  const log = createLog({ level: 'silent' })
  const storeOf = (...sources: string[]) =>
    new IndicatorStore({
      sources,
      limit: 1000,
      copies: join(folder, 'copies'),
      refresh: undefined,
      log,
    })

  test('reads a changed file anew, and refuses one that has shrunk by more than half', async () => {
    const path = list('bad.txt', 'one.example\ntwo.example\nthree.example\n')
    const store = storeOf(path)
    await store.refresh()
    expect(store.index.size).toBe(3)
    writeFileSync(path, 'one.example\ntwo.example\nthree.example\nfour.example\n')
    await store.refresh()
    expect(store.index.findDomain('four.example')).toBe(0)
    writeFileSync(path, 'one.example\n')
    utimesSync(path, 1, 1)
    await store.refresh()
    expect(store.index.size).toBe(4)
    await store.close()
  })

  test('fetches a list, asks only for what is new, and keeps the copy when the server is gone', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      const tag = request.headers['if-none-match']
      asked.push(tag)
      if (tag === '"1"') response.writeHead(304).end()
      else response.writeHead(200, { etag: '"1"' }).end('bad.example\n')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.txt?key=secret`
    const store = storeOf(url)
    expect(store.index.size).toBe(0)
    await store.refresh()
    expect(store.index.findDomain('bad.example')).toBe(0)
    expect(store.name(0)).not.toContain('secret')
    await store.refresh()
    expect(asked).toEqual([undefined, '"1"'])
    await new Promise(resolve => server.close(resolve))
    await store.refresh()
    expect(store.index.size).toBe(1)
    expect(storeOf(url).index.size).toBe(1)
  })

  test('fetches nothing that somebody in between could change', async () => {
    const lines: string[] = []
    const store = new IndicatorStore({
      sources: ['http://lists.example/x'],
      limit: 10,
      copies: folder,
      refresh: undefined,
      log: createLog({ format: 'json', write: line => lines.push(line) }),
    })
    await store.refresh()
    expect(lines.join()).toMatch(/must begin with https/)
  })
})
