import packet, { type Answer } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeDns, isPlausibleDns } from '../../src/protocols/dns.ts'
import { dnsFields } from '../../src/protocols/dns-ecs.ts'
import { splitDnsStream } from '../../src/protocols/dns-stream.ts'
import { typeName } from '../../src/protocols/dns-types.ts'
import { effort, patience } from './effort.ts'
import { everything } from './everything.ts'

const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map(labels => labels.join('.'))
const ttl = fc.nat(0x7fffffff)
const octets = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(bytes => Buffer.from(bytes))
const text = fc.stringMatching(/^[a-z0-9 =.;:_-]{1,60}$/)
const u16 = fc.nat(0xffff)
// Without zero groups: dns-packet does not read every notation of them
const address6 = fc
  .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
  .map(groups => groups.map(group => group.toString(16)).join(':'))

/** A record of dns-packet and the text that we give for its data. */
const record: fc.Arbitrary<readonly [Answer, string]> = fc
  .tuple(name, ttl, fc.nat(14), name, fc.ipV4(), address6, octets, text, u16, u16)
  .map(([owner, seconds, kind, target, ip4, ip6, blob, words, a, b]) => {
    const base = { name: owner, ttl: seconds, class: 'IN' as const }
    const low = a & 0xff
    const all: readonly (readonly [Answer, string])[] = [
      [{ ...base, type: 'A', data: ip4 }, ip4],
      [{ ...base, type: 'AAAA', data: ip6 }, ip6],
      [{ ...base, type: 'CNAME', data: target }, target],
      [{ ...base, type: 'NS', data: target }, target],
      [{ ...base, type: 'PTR', data: target }, target],
      [{ ...base, type: 'DNAME', data: target }, target],
      [{ ...base, type: 'TXT', data: [words] }, words],
      [{ ...base, type: 'MX', data: { preference: a, exchange: target } }, `${a} ${target}`],
      [
        { ...base, type: 'SRV', data: { priority: a, weight: b, port: 443, target } },
        `${a} ${b} 443 ${target}`,
      ],
      [
        {
          ...base,
          type: 'SOA',
          data: {
            mname: target,
            rname: owner,
            serial: 7,
            refresh: a,
            retry: b,
            expire: 9,
            minimum: 60,
          },
        },
        `${target} ${owner} 7 ${a} ${b} 9 60`,
      ],
      [
        {
          ...base,
          type: 'NAPTR',
          data: {
            order: a,
            preference: b,
            flags: 's',
            services: 'SIP+D2U',
            regexp: '',
            replacement: target,
          },
        },
        `${a} ${b} "s" "SIP+D2U" "" ${target}`,
      ],
      [
        {
          ...base,
          type: 'CAA',
          data: { flags: 0, tag: 'issue', value: 'ca.example', issuerCritical: false },
        },
        '0 issue "ca.example"',
      ],
      [
        { ...base, type: 'DS', data: { keyTag: a, algorithm: 13, digestType: 2, digest: blob } },
        `${a} 13 2 ${blob.toString('hex')}`,
      ],
      [
        { ...base, type: 'DNSKEY', data: { flags: 257, algorithm: low, key: blob } },
        `257 3 ${low} ${blob.toString('base64')}`,
      ],
      [
        {
          ...base,
          type: 'RRSIG',
          data: {
            typeCovered: 'A',
            algorithm: 8,
            labels: 2,
            originalTTL: 300,
            expiration: 1_700_000_000,
            inception: 1_690_000_000,
            keyTag: a,
            signersName: target,
            signature: blob,
          },
        },
        `A 8 2 300 20231114221320 20230722042640 ${a} ${target} ${blob.toString('base64')}`,
      ],
    ]
    const [found] = all.slice(kind)
    return found ?? [{ ...base, type: 'A', data: ip4 }, ip4]
  })

const message = fc
  .tuple(u16, name, fc.array(record, { maxLength: 6 }), fc.array(record, { maxLength: 3 }))
  .map(([id, question, answers, authorities]) => ({
    expected: [...answers, ...authorities].map(([, data]) => data),
    bytes: packet.encode({
      type: 'response',
      id,
      flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE,
      questions: [{ type: 'A', name: question }],
      answers: answers.map(([answer]) => answer),
      authorities: authorities.map(([answer]) => answer),
    }),
  }))

describe('DNS messages agree with dns-packet', () => {
  test('on every field of what it encodes', () => {
    fc.assert(
      fc.property(message, ({ bytes, expected }) => {
        const theirs = packet.decode(bytes)
        const ours = decodeDns(bytes)
        const records = [...(ours?.answers ?? []), ...(ours?.authority ?? [])]
        const their = [...(theirs.answers ?? []), ...(theirs.authorities ?? [])]
        expect(ours).toMatchObject({ id: theirs.id, cut: false, malformed: false, trailing: 0 })
        expect(ours?.questions.map(q => q.name)).toEqual(theirs.questions?.map(q => q.name))
        expect(records.map(r => r.name)).toEqual(their.map(r => r.name))
        expect(records.map(r => typeName(r.type))).toEqual(their.map(r => r.type))
        expect(records.map(r => r.ttl)).toEqual(their.map(r => ('ttl' in r ? r.ttl : undefined)))
        expect(records.map(r => r.data)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test(
    'fuzz: on names in messages that it can still read after a few octets changed',
    () => {
      let compared = 0
      fc.assert(
        fc.property(
          message,
          fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
          ({ bytes }, edits) => {
            const changed = Uint8Array.from(bytes)
            for (const [at, value] of edits) changed[12 + (at % (bytes.length - 12))] = value
            const ours = decodeDns(changed)
            everything(ours)
            const theirs = attempt(() => packet.decode(Buffer.from(changed)))
            const their = theirs?.questions?.[0]
            if (ours === undefined || ours.cut || ours.malformed || their === undefined) return
            if (!/^[a-z0-9_.-]+$/.test(their.name)) return
            const name = ours.questions[0]?.name
            if (name === undefined) return // a pointer forwards: they follow it, we do not
            compared++
            expect(name.replaceAll('\\.', '.')).toBe(their.name)
          },
        ),
        effort(500),
      )
      expect(compared).toBeGreaterThan(100)
    },
    patience,
  )
})

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

describe('DNS takes any bytes', () => {
  test(
    'fuzz: as a message or as nothing, never as an exception',
    () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 600 }),
          fc.constantFrom('dns', 'mdns', 'llmnr', 'nbns'),
          (bytes, dialect) => {
            const decoded = decodeDns(bytes, 0, bytes.length, dialect)
            everything(decoded)
            if (decoded !== undefined)
              expect(() => JSON.stringify(dnsFields(decoded))).not.toThrow()
            isPlausibleDns(bytes)
          },
        ),
        effort(3000),
      )
    },
    patience,
  )

  test('and never reads outside its range', () => {
    fc.assert(
      fc.property(message, fc.nat(30), fc.nat(30), ({ bytes }, before, after) => {
        const alone = dnsFieldsOf(Uint8Array.from(bytes), 0, bytes.length)
        const padded = new Uint8Array(bytes.length + before + after).fill(0xc0)
        padded.set(bytes, before)
        expect(dnsFieldsOf(padded, before, before + bytes.length)).toEqual(alone)
      }),
    )
  })

  test('cut at every octet: a prefix of the answers, flagged', () => {
    const bytes = packet.encode({
      type: 'response',
      id: 9,
      questions: [{ type: 'A', name: 'www.example.com' }],
      answers: [
        { type: 'CNAME', name: 'www.example.com', data: 'edge.example.net' },
        { type: 'A', name: 'edge.example.net', data: '192.0.2.7' },
      ],
    })
    for (let size = 0; size < bytes.length; size++) {
      const decoded = decodeDns(bytes, 0, size)
      if (size < 12) expect(decoded).toBeUndefined()
      else expect(decoded?.cut).toBe(true)
      expect(decoded?.answers.length ?? 0).toBeLessThan(2)
    }
    expect(decodeDns(bytes)?.cut).toBe(false)
  })
})

function dnsFieldsOf(bytes: Uint8Array, start: number, end: number) {
  const decoded = decodeDns(bytes, start, end)
  return decoded === undefined ? undefined : dnsFields(decoded)
}

/** A header with these counts, then these octets. */
function raw(flags: number, counts: readonly number[], ...body: readonly number[]): Uint8Array {
  const head = [0x12, 0x34, flags >> 8, flags & 255, ...counts.flatMap(c => [c >> 8, c & 255])]
  return Uint8Array.from([...head, ...body])
}

const A_IN = [0, 1, 0, 1]

describe('DNS names', () => {
  test('escape what a reader could take for structure (RFC 1035 5.1, ECS)', () => {
    const bytes = raw(
      0,
      [1, 0, 0, 0],
      7,
      97,
      0x2e,
      0x5c,
      0x22,
      0,
      200,
      9,
      3,
      0x66,
      32,
      0x6f,
      0,
      ...A_IN,
    )
    expect(decodeDns(bytes)?.questions[0]?.name).toBe('a\\.\\\\\\"\\000\\200\\t.f o')
  })

  test('keep letter case and IDNA as on the wire', () => {
    const encoded = packet.encode({ questions: [{ type: 'A', name: 'WwW.xn--BCHER-kva.Example' }] })
    expect(decodeDns(encoded)?.questions[0]?.name).toBe('WwW.xn--BCHER-kva.Example')
  })

  test('are `.` at the root', () => {
    expect(decodeDns(raw(0, [1, 0, 0, 0], 0, 0, 2, 0, 1))?.questions[0]?.name).toBe('.')
  })

  test.each([
    ['to itself', [0xc0, 12]],
    ['forwards', [0xc0, 14, 1, 97, 0]],
    ['behind its own labels', [1, 97, 0xc0, 12]],
    ['beyond the message', [0xff, 0xff]],
  ])('with a pointer %s are not read', (_, body) => {
    const decoded = decodeDns(raw(0, [1, 0, 0, 0], ...body, ...A_IN))
    expect(decoded?.questions[0]?.name).toBeUndefined()
  })

  test('follow pointers backwards', () => {
    const record = [0xc0, 12, ...A_IN, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
    const decoded = decodeDns(raw(0x8000, [1, 1, 0, 0], 1, 97, 0, ...A_IN, ...record))
    expect(decoded?.answers[0]).toMatchObject({ name: 'a', data: '192.0.2.1' })
  })

  test('have at most 255 octets', () => {
    const long = Array.from({ length: 4 }, () => [63, ...new Array<number>(63).fill(97)]).flat()
    expect(decodeDns(raw(0, [1, 0, 0, 0], ...long, 0, ...A_IN))).toBeUndefined()
    const longest = [...long.slice(0, 192), 61, ...new Array<number>(61).fill(97), 0, ...A_IN]
    expect(decodeDns(raw(0, [1, 0, 0, 0], ...longest))?.questions[0]?.name).toHaveLength(253)
  })

  test('of one message expand to a bounded size', () => {
    // 90 records that point into one long name: 2 octets become up to 250
    const long = Array.from({ length: 4 }, () => [60, ...new Array<number>(60).fill(97)]).flat()
    const records = Array.from({ length: 90 }, (_, i) => [
      0xc0,
      12 + (i % 60),
      ...A_IN,
      0,
      0,
      0,
      0,
      0,
      0,
    ]).flat()
    const decoded = decodeDns(raw(0x8000, [1, 90, 0, 0], ...long, 0, ...A_IN, ...records))
    const names = decoded?.answers.map(answer => answer.name) ?? []
    expect(names).toHaveLength(90)
    expect(names.join('').length).toBeLessThanOrEqual(4096 + 2 * 1800)
  })
})

describe('DNS headers', () => {
  const question = [1, 97, 0, ...A_IN]

  test('give flags, Z, op code and response code always', () => {
    const decoded = decodeDns(raw(0x8000 | (4 << 11) | 0x07f0 | 9, [1, 0, 0, 0], ...question))
    expect(decoded && dnsFields(decoded)).toEqual({
      dns: {
        type: 'answer',
        id: '4660',
        op_code: 'NOTIFY',
        header_flags: ['AA', 'TC', 'RD', 'RA', 'AD', 'CD'],
        question: { name: 'a', type: 'A', class: 'IN' },
        response_code: 'NOTAUTH',
      },
      orthrus: { dns: { z: 1 } },
    })
  })

  test('extend the response code and flags by OPT', () => {
    const opt = [0, 0, 41, 4, 208, 1, 0, 0x80, 0, 0, 8, 0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2]
    opt[10] = 11
    const decoded = decodeDns(raw(0x8000, [1, 0, 0, 1], ...question, ...opt))
    expect(decoded?.edns).toEqual({
      udpSize: 1232,
      version: 0,
      dnssecOk: true,
      rcodeHigh: 1,
      options: [8],
      clientSubnet: '192.0.2.0/24',
    })
    expect(decoded && dnsFields(decoded).dns).toMatchObject({
      response_code: 'BADVERS',
      header_flags: ['DO'],
    })
  })

  test('with unknown numbers stay readable', () => {
    const decoded = decodeDns(raw(0x8000 | (7 << 11) | 14, [1, 0, 0, 0], 1, 97, 0, 0xff, 7, 0, 9))
    expect(decoded && dnsFields(decoded).dns).toMatchObject({
      op_code: '7',
      response_code: '14',
      question: { type: 'TYPE65287', class: 'CLASS9' },
    })
  })
})

describe('DNS record data', () => {
  const answer = (type: number, ...data: readonly number[]) => {
    const record = [
      0xc0,
      12,
      type >> 8,
      type & 255,
      0,
      1,
      0,
      0,
      0,
      60,
      data.length >> 8,
      data.length & 255,
    ]
    const bytes = raw(
      0x8180,
      [1, 1, 0, 0],
      1,
      97,
      0,
      type >> 8,
      type & 255,
      0,
      1,
      ...record,
      ...data,
    )
    return decodeDns(bytes)
  }
  const ascii = (words: string) => [...Buffer.from(words)]

  test.each([
    ['unknown type', 731, [0xab, 0xcd, 0xef], '\\# 3 abcdef'],
    ['A of a wrong length', 1, [1, 2, 3], '\\# 3 010203'],
    ['several strings', 16, [3, ...ascii('a=1'), 2, ...ascii('b"')], 'a=1 b\\"'],
    ['control characters', 16, [3, 0x61, 10, 0xc3], 'a\\010\\195'],
    ['NSEC', 47, [0, 0, 2, 0x40, 0x01], '. A MX'],
    ['NSEC3', 50, [1, 0, 0, 10, 2, 0xaa, 0xbb, 2, 0xff, 0x00, 0, 1, 0x40], '1 0 10 aabb vs00 A'],
    ['SSHFP', 44, [4, 2, 0xab], '4 2 ab'],
    ['TLSA', 52, [3, 1, 1, 0xcd], '3 1 1 cd'],
    ['URI', 256, [0, 1, 0, 2, ...ascii('https://x')], '1 2 "https://x"'],
  ])('%s', (_, type, data, expected) => {
    expect(answer(type, ...data)?.answers[0]?.data).toBe(expected)
  })

  test('HTTPS with ALPN, hints and ECH (RFC 9460); its hints count as addresses', () => {
    const alpn = [0, 1, 0, 6, 2, ...ascii('h3'), 2, ...ascii('h2')]
    const hint4 = [0, 4, 0, 4, 192, 0, 2, 1]
    const ech = [0, 5, 0, 3, 1, 2, 3]
    const hint6 = [0, 6, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    const other = [0x12, 0x34, 0, 1, 0xee]
    const decoded = answer(65, 0, 1, 0, ...alpn, ...hint4, ...ech, ...hint6, ...other)
    expect(decoded?.answers[0]?.data).toBe(
      '1 . alpn=h3,h2 ipv4hint=192.0.2.1 ech=AQID ipv6hint=2001:db8::1 key4660=ee',
    )
    expect(decoded?.resolvedIps).toEqual(['192.0.2.1', '2001:db8::1'])
  })
})

describe('mDNS and LLMNR', () => {
  test('take the top bit of the class for what it is', () => {
    const record = [0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 1]
    const bytes = raw(0x8400, [1, 1, 0, 0], 1, 97, 0, 0, 1, 0x80, 1, ...record)
    const multicast = decodeDns(bytes, 0, bytes.length, 'mdns')
    expect(multicast?.questions[0]).toMatchObject({ class: 1, unicast: true })
    expect(multicast?.answers[0]).toMatchObject({ class: 1, flush: true })
    expect(decodeDns(bytes)?.questions[0]).toMatchObject({ class: 0x8001, unicast: false })
  })

  test('have several questions, each of which can be shown', () => {
    const bytes = packet.encode({
      questions: ['a.local', 'b.local'].map(each => ({ type: 'PTR' as const, name: each })),
    })
    const decoded = decodeDns(bytes, 0, bytes.length, 'mdns')
    const names = [0, 1, 2].map(i => decoded && dnsFields(decoded, i).dns.question?.name)
    expect(names).toEqual(['a.local', 'b.local', undefined])
  })

  test('LLMNR gives other meanings to AA and RD', () => {
    const bytes = raw(0x8700, [1, 0, 0, 0], 1, 97, 0, ...A_IN)
    expect(decodeDns(bytes, 0, bytes.length, 'llmnr')?.headerFlags).toEqual(['TC'])
  })
})

describe('DNS on any port', () => {
  test('is recognised when it fills the bytes to the last octet', () => {
    const query = packet.encode({ questions: [{ type: 'A', name: 'example.com' }], id: 77 })
    expect(isPlausibleDns(query)).toBe(true)
    expect(isPlausibleDns(Buffer.concat([query, Buffer.of(0)]))).toBe(false)
    expect(isPlausibleDns(query, 0, query.length - 1)).toBe(false)
  })

  test(
    'fuzz: is hardly ever seen in other bytes',
    () => {
      let wrong = 0
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), bytes => {
          if (isPlausibleDns(bytes)) wrong++
        }),
        effort(5000),
      )
      expect(wrong).toBe(0)
    },
    patience,
  )
})

describe('DNS over TCP', () => {
  test('is split into its messages, the last of which may be cut', () => {
    const messages = ['a.test', 'b.test', 'c.test'].map(each =>
      packet.streamEncode({ questions: [{ type: 'A', name: each }] }),
    )
    const stream = Buffer.concat(messages)
    const found: [string | undefined, boolean][] = []
    const next = splitDnsStream(stream, 0, stream.length - 3, (from, to, cut) => {
      found.push([decodeDns(stream, from, to)?.questions[0]?.name, cut])
    })
    expect(found).toEqual([
      ['a.test', false],
      ['b.test', false],
      [undefined, true],
    ])
    expect(next).toBe(stream.length)
  })

  test('of any bytes ends', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        let calls = 0
        splitDnsStream(bytes, 0, bytes.length, (from, to) => {
          calls++
          expect(from).toBeLessThanOrEqual(to)
        })
        expect(calls).toBeLessThanOrEqual(64)
      }),
    )
  })
})
