import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ja3, ja3s, ja3Text, MAX_LISTED } from '../../src/protocols/ja3.ts'
import { type Ja4Input, ja4, ja4Raw } from '../../src/protocols/ja4.ts'

function ja3Input(text: string) {
  const [version = '', ...lists] = text.split(',')
  const [ciphers = [], extensionTypes = [], groups = [], pointFormats = []] = lists.map(list =>
    list === '' ? [] : list.split('-').map(Number),
  )
  return { version: Number(version), ciphers, extensionTypes, groups, pointFormats }
}

describe('JA3', () => {
  // The examples of the method's own README.
  test.each([
    [
      '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0',
      'ada70206e40642a3e4461f35503241d5',
    ],
    ['769,4-5-10-9-100-98-3-6-19-18-99,,,', 'de350869b8c85de67a350c8d186f11e6'],
  ])('%s has its published hash', (text, hash) => {
    expect(ja3Text(ja3Input(text))).toBe(text)
    expect(ja3(ja3Input(text))).toBe(hash)
  })

  test('GREASE does not count, wherever it stands', () => {
    const plain = ja3Input('771,4865-4866,0-10-65281,29-23,0')
    const greased = {
      ...plain,
      ciphers: [0x3a3a, 4865, 4866],
      extensionTypes: [0x0a0a, 0, 10, 0xfafa, 65281],
      groups: [0xdada, 29, 23],
    }
    expect(ja3(greased)).toBe(ja3(plain))
  })

  test('a server is known by version, cipher and extensions', () => {
    // As nDPI, Arkime and Wireshark print it for a HelloRetryRequest.
    expect(ja3s(771, 4866, [43, 51])).toBe('15af977ce25de452b96affa2addb1036')
    expect(ja3s(771, 4866, [])).toBe(createHash('md5').update('771,4866,').digest('hex'))
  })

  test('there is none for a list beyond the bound', () => {
    const many = Array.from({ length: MAX_LISTED }, (_, index) => index)
    const input = ja3Input('771,,,,')
    expect(ja3({ ...input, ciphers: many })).toMatch(/^[0-9a-f]{32}$/)
    expect(ja3({ ...input, ciphers: [...many, 1] })).toBeUndefined()
  })
})

// The specification's worked example (Chrome on TCP).
const chrome: Ja4Input = {
  transport: 't',
  version: 0x0303,
  supportedVersions: [0x4a4a, 0x0304, 0x0303],
  ciphers: [
    0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
    0x009c, 0x009d, 0x002f, 0x0035,
  ],
  extensionTypes: [
    0x2a2a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
    0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0xeaea,
  ],
  signatureAlgorithms: [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
  firstAlpn: 'h2',
}

const sha12 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)

describe('JA4', () => {
  test("the specification's example comes out", () => {
    expect(ja4(chrome)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1')
    expect(ja4Raw(chrome)).toBe(
      't13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_' +
        '0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_' +
        '0403,0804,0401,0503,0805,0501,0806,0601',
    )
  })

  test('without signature algorithms there is no trailing underscore', () => {
    const hello = { ...chrome, signatureAlgorithms: [], extensionTypes: [0x0005, 0x000a] }
    expect(ja4(hello)?.split('_')[2]).toBe(sha12('0005,000a'))
    expect(ja4Raw(hello)).toMatch(/_0005,000a$/)
  })

  test('nothing left after SNI and ALPN is zeros, and so are no ciphers', () => {
    const bare = { ...chrome, extensionTypes: [0, 16], signatureAlgorithms: [] }
    expect(ja4(bare)).toBe('t13d1502h2_8daaf6152771_000000000000')
    expect(ja4({ ...bare, ciphers: [0x0a0a] })).toBe('t13d0002h2_000000000000_000000000000')
  })

  test.each([
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['h3-29', 'h9'],
    ['H', 'HH'],
    ['', '00'],
    [undefined, '00'],
    ['\u00ab', 'ab'],
    ['\u00ab\u00cd', 'ad'],
    ['0\u00ab', '3b'],
    ['\u0030\u0031\u00ab\u00cd', '3d'],
    ['\u0030\u00ab\u00cd\u0031', '01'],
    ['\n\n', '0a'],
  ])('the ALPN %j is written %s', (firstAlpn, code) => {
    expect(ja4({ ...chrome, firstAlpn })?.slice(8, 10)).toBe(code)
  })

  test.each([
    [0x0304, '13'],
    [0x0303, '12'],
    [0x0302, '11'],
    [0x0301, '10'],
    [0x0300, 's3'],
    [0x0002, 's2'],
    [0x7f1c, '00'],
  ])('version %i is written %s', (version, code) => {
    expect(ja4({ ...chrome, version, supportedVersions: [] })?.slice(1, 3)).toBe(code)
  })

  test('the highest version offered counts, in DTLS the one that counts lowest', () => {
    expect(ja4({ ...chrome, supportedVersions: [0x0302, 0x0304, 0x0303] })?.slice(0, 3)).toBe('t13')
    const dtls = { ...chrome, transport: 'd' as const, supportedVersions: [0xfefd, 0xfefc] }
    expect(ja4(dtls)?.slice(0, 3)).toBe('dd3')
    expect(ja4({ ...dtls, supportedVersions: [], version: 0xfeff })?.slice(0, 3)).toBe('dd1')
  })

  test('the SNI flag follows the extension and counts end at 99', () => {
    const many = Array.from({ length: 120 }, (_, index) => index + 100)
    const hello = { ...chrome, transport: 'q' as const, ciphers: many, extensionTypes: many }
    expect(ja4(hello)?.slice(0, 8)).toBe('q13i9999')
    expect(ja4({ ...hello, extensionTypes: [0] })?.slice(0, 8)).toBe('q13d9901')
  })

  test('the order of suites and extensions does not matter, that of signatures does', () => {
    const mixed = { ...chrome, ciphers: chrome.ciphers.toReversed() }
    expect(ja4({ ...mixed, extensionTypes: chrome.extensionTypes.toReversed() })).toBe(ja4(chrome))
    const signatureAlgorithms = chrome.signatureAlgorithms.toReversed()
    expect(ja4({ ...chrome, signatureAlgorithms })).not.toBe(ja4(chrome))
  })

  test('there is none for a list beyond the bound, and long ones are sorted right', () => {
    const long = Array.from({ length: MAX_LISTED }, (_, index) => (index * 7919) & 0xfff0)
    const text = long
      .toSorted((a, b) => a - b)
      .map(suite => suite.toString(16).padStart(4, '0'))
      .join(',')
    expect(ja4({ ...chrome, ciphers: long })?.split('_')[1]).toBe(sha12(text))
    expect(ja4({ ...chrome, ciphers: [...long, 1] })).toBeUndefined()
  })
})
