import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { CertificateCache, decodeCertificate } from '../../src/protocols/x509.ts'
import { elementAt, timeText } from '../../src/protocols/x509-der.ts'
import { certificateFields } from '../../src/protocols/x509-fields.ts'
import { u8 } from '../generate/bytes.ts'
import { fieldFaults } from './ecs.ts'
import { identity, openssl, scratchFolder } from './loopback.ts'

const scratch = scratchFolder()
afterAll(() => scratch[Symbol.dispose]())

const SAN =
  'subjectAltName=DNS:a.example,DNS:*.b.example,IP:192.0.2.7,IP:2001:db8::1,email:x@y.example,URI:https://z.example/'
const made = new Map(
  Object.entries({
    rsa: identity(scratch.path, 'rsa:2048', '-sha256', '-addext', SAN, '-set_serial', '0x00ff01'),
    'RSA-PSS': identity(scratch.path, 'rsa:3072', '-sha384', '-sigopt', 'rsa_padding_mode:pss'),
    old: identity(scratch.path, 'rsa:1024', '-sha1', '-days', '20000'),
    p256: identity(scratch.path, 'ec:prime256v1', '-sha256'),
    p384: identity(scratch.path, 'ec:secp384r1', '-sha384', '-subj', '/DC=org/DC=example/UID=7'),
    k256: identity(scratch.path, 'ec:secp256k1', '-sha512'),
    ed25519: identity(scratch.path, 'ed25519', '-utf8', '-subj', '/CN=Bücher, GmbH/O=Müller'),
  }).map(([name, { cert }]) => [name, new X509Certificate(cert)]),
)
const names = [...made.keys()]
const oracle = (name: string) => made.get(name) ?? expect.unreachable()
const hex = (text: string) => text.replaceAll(':', '')

describe.each(names)('the certificate %s', name => {
  const truth = oracle(name)
  const own = decodeCertificate(truth.raw)

  test('says the same to us and to OpenSSL', () => {
    expect(own).toMatchObject({
      serialNumber: truth.serialNumber,
      sha1: hex(truth.fingerprint),
      sha256: hex(truth.fingerprint256),
      notBefore: new Date(truth.validFrom).toISOString(),
      notAfter: new Date(truth.validTo).toISOString(),
      version: 3,
      selfSigned: truth.checkIssued(truth),
      malformed: false,
    })
    expect(own.subject.text).toBe(truth.subject.split('\n').join(', ').replace('\\,', ','))
    expect(own.issuer.text).toBe(own.subject.text)
  })

  test('has the key that OpenSSL sees', () => {
    const { asymmetricKeyType, asymmetricKeyDetails: details } = truth.publicKey
    const kinds = { rsa: 'RSA', ec: 'ECDSA', ed25519: 'Ed25519' }
    expect(own.publicKey.algorithm).toBe(kinds[asymmetricKeyType as keyof typeof kinds])
    if (details?.modulusLength) {
      expect(own.publicKey.size).toBe(details.modulusLength)
      expect(own.publicKey.exponent).toBe(Number(details.publicExponent))
    }
    const curves = new Map([
      ['prime256v1', 'nistp256'],
      ['secp384r1', 'nistp384'],
    ])
    const curve = details?.namedCurve
    expect(own.publicKey.curve).toBe(curve && (curves.get(curve) ?? curve))
  })

  test('fits ECS', () => {
    const fields = certificateFields(own)
    expect(fieldFaults('tls', { server: fields })).toEqual([])
    expect(fields).toMatchObject({ hash: { sha256: hex(truth.fingerprint256) } })
  })
})

test('signature algorithms have the names of ECS', () => {
  const signatures = names.map(name => decodeCertificate(oracle(name).raw).signatureAlgorithm)
  expect(signatures).toEqual([
    'SHA256-RSA',
    'SHA384-RSAPSS',
    'SHA1-RSA',
    'ECDSA-SHA256',
    'ECDSA-SHA384',
    'ECDSA-SHA512',
    'Ed25519',
  ])
})

test('alternative names of every common kind are read', () => {
  expect(decodeCertificate(oracle('rsa').raw).alternativeNames).toEqual([
    'a.example',
    '*.b.example',
    '192.0.2.7',
    '2001:db8::1',
    'x@y.example',
    'https://z.example/',
  ])
})

test('names keep their parts and their letters', () => {
  expect(decodeCertificate(oracle('ed25519').raw).subject).toMatchObject({
    text: 'CN=Bücher, GmbH, O=Müller',
    commonName: ['Bücher, GmbH'],
    organization: ['Müller'],
    country: [],
  })
})

test('one that somebody else signed is not self-signed', () => {
  const folder = scratch.path
  const ca = identity(folder, 'ec:prime256v1', '-subj', '/CN=Example CA', '-days', '9')
  const request = `${folder}/leaf.csr`
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${folder}/leaf.key`]
  openssl('req', ...key, '-subj', '/CN=leaf.example', '-out', request)
  const signer = ['-CA', ca.certFile, '-CAkey', ca.keyFile, '-CAcreateserial']
  const pem = openssl('x509', '-req', '-in', request, ...signer)
  const leaf = decodeCertificate(new X509Certificate(pem).raw)
  expect(leaf).toMatchObject({ selfSigned: false, version: 1, signatureAlgorithm: 'ECDSA-SHA256' })
  expect(leaf.issuer.text).toBe('CN=Example CA')
})

describe('a malformed certificate', () => {
  const good = oracle('rsa').raw

  test('is a fact, and what can be read is read', () => {
    const short = decodeCertificate(good.subarray(0, good.length - 1))
    expect(short.malformed).toBe(true)
    const broken = Buffer.from(good)
    // The length of the signature at the very end.
    broken[good.length - 257 - 1] = 0x7f
    const facts = decodeCertificate(broken)
    expect(facts).toMatchObject({ malformed: true, subject: { commonName: ['server.example'] } })
    expect(decodeCertificate(u8())).toMatchObject({ malformed: true, serialNumber: undefined })
  })

  test('is one only where OpenSSL agrees, or where a date is none', () => {
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good)
      bytes[at] = (at * 37) & 0xff
      const { malformed, notBefore, notAfter } = decodeCertificate(bytes)
      const dated = notBefore !== undefined && notAfter !== undefined
      if (malformed && dated) expect(() => new X509Certificate(bytes), `byte ${at}`).toThrow()
    }
  })

  test('never throws and stays bounded, whatever is changed', () => {
    const seeds = names.map(name => oracle(name).raw)
    fc.assert(
      fc.property(
        fc.nat({ max: seeds.length - 1 }),
        fc.array(fc.tuple(fc.nat({ max: 1200 }), fc.nat({ max: 255 })), { maxLength: 6 }),
        fc.option(fc.nat({ max: 1200 })),
        (which, changes, cut) => {
          const bytes = Buffer.from(seeds[which] ?? u8())
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          const facts = decodeCertificate(cut === null ? bytes : bytes.subarray(0, cut))
          const text = JSON.stringify(facts)
          expect(text.length).toBeLessThan(20_000)
          expect(fieldFaults('tls', { server: certificateFields(facts) })).toEqual([])
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('times', () => {
  const time = (kind: number, text: string) => {
    const bytes = Buffer.concat([u8(kind, text.length), Buffer.from(text)])
    return timeText(bytes, elementAt(bytes, 0, bytes.length))
  }

  test.each([
    [0x17, '991231235959Z', '1999-12-31T23:59:59.000Z'],
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x17, '2601021530Z', '2026-01-02T15:30:00.000Z'],
    [0x17, '260102153000+0200', '2026-01-02T13:30:00.000Z'],
    [0x18, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    [0x18, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
    [0x17, '261302153000Z', undefined],
    [0x17, 'yesterday', undefined],
    [0x18, '', undefined],
  ])('%i %s', (kind, text, iso) => {
    expect(time(kind, text)).toBe(iso)
  })
})

test('the cache gives the same facts and keeps to its limit', () => {
  const cache = new CertificateCache(3)
  const first = cache.get(oracle('rsa').raw)
  expect(cache.get(Buffer.from(oracle('rsa').raw))).toBe(first)
  for (const name of names) cache.get(oracle(name).raw)
  expect(cache.size).toBe(3)
  expect(cache.get(oracle('rsa').raw)).toEqual(first)
})
