import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeHttp,
  decodeHttpRequest,
  decodeHttpResponse,
  HttpRequest,
  type HttpResponse,
} from '../../src/protocols/http.ts'
import { nextHead, readHttpHeads, UNKNOWN } from '../../src/protocols/http-body.ts'
import { httpFields, urlFields } from '../../src/protocols/http-ecs.ts'
import { effort, patience } from './effort.ts'
import { everything } from './everything.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,16}$/)
const value = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/)
const path = fc.stringMatching(/^\/[!-~]{0,60}$/)
const blank = fc.constantFrom('', ' ', '\t', '  ')
const ending = fc.constantFrom('\r\n')
const known = fc.constantFrom('User-Agent', 'Referer', 'Content-Type', 'X-Test', 'Cookie', 'Accept')
const spelled = known.chain(name => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase()))

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly version: string
  readonly names: readonly string[]
  readonly headers: IncomingMessage['headers']
}

function seen(message: IncomingMessage): Seen {
  return {
    method: message.method,
    url: message.url,
    version: message.httpVersion,
    names: message.rawHeaders.filter((_, i) => i % 2 === 0),
    headers: message.headers,
  }
}

describe('request heads agree with a Node server', () => {
  let take: ((what: Seen | undefined) => void) | undefined
  const server = createServer({ keepAlive: false }, (request, response) => {
    take?.(seen(request))
    response.end()
  })
  server.on('clientError', (_, socket) => {
    take?.(undefined)
    socket.destroy()
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => void server.close())

  async function node(text: string): Promise<Seen | undefined> {
    const { port } = server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const result = new Promise<Seen | undefined>(resolve => {
      take = resolve
    })
    socket.end(bytes(text))
    const found = await result
    socket.destroy()
    return found
  }

  test('on method, target, version, names in order and the values we keep', async () => {
    const method = fc.constantFrom('GET', 'HEAD', 'PUT', 'PROPFIND', 'M-SEARCH', 'PURGE', 'LINK')
    const header = fc.tuple(spelled, blank, value, blank)
    let compared = 0
    await fc.assert(
      fc.asyncProperty(
        method,
        path,
        fc.constantFrom('1.0', '1.1'),
        fc.uniqueArray(header, { maxLength: 6, selector: ([name]) => name.toLowerCase() }),
        ending,
        async (verb, target, version, headers, eol) => {
          const lines = headers.map(([name, a, text, b]) => `${name}:${a}${text}${b}${eol}`)
          const text = `${verb} ${target} HTTP/${version}${eol}Host: a.test${eol}${lines.join('')}${eol}`
          const theirs = await node(text)
          const ours = decodeHttpRequest(bytes(text))
          if (theirs === undefined) return
          compared++
          expect(ours).toMatchObject({ method: theirs.method, target: theirs.url, cut: false })
          expect(ours?.version).toBe(theirs.version)
          expect(ours?.headerNames).toEqual(theirs.names)
          expect(ours?.host).toBe(theirs.headers.host)
          expect(ours?.userAgent).toBe(theirs.headers['user-agent'])
          expect(ours?.contentType).toBe(theirs.headers['content-type'])
          expect(ours?.referrer).toBe(theirs.headers.referer)
          expect(ours?.end).toBe(text.length)
        },
      ),
      { numRuns: 150 },
    )
    expect(compared).toBeGreaterThan(100)
  })

  test('on where the next pipelined head starts', async () => {
    const body = fc.oneof(
      fc.constant(['', '']),
      fc.nat(20).map(size => [`Content-Length: ${size}\r\n`, 'b'.repeat(size)]),
      fc
        .array(fc.integer({ min: 1, max: 20 }), { maxLength: 3 })
        .map(sizes => [
          'Transfer-Encoding: chunked\r\n',
          `${sizes.map(size => `${size.toString(16)};x=y\r\n${'c'.repeat(size)}\r\n`).join('')}0\r\nT: 1\r\n\r\n`,
        ]),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 5 }), async bodies => {
        const requests = bodies.map(
          ([header, text], i) => `POST /${i} HTTP/1.1\r\nHost: a\r\n${header}\r\n${text}`,
        )
        const stream = bytes(requests.join(''))
        const targets: string[] = []
        const next = readHttpHeads(stream, 0, stream.length, head => {
          if (head instanceof HttpRequest) targets.push(head.target)
        })
        expect(targets).toEqual(bodies.map((_, i) => `/${i}`))
        expect(next).toBe(stream.length)
        expect((await node(requests[0] ?? ''))?.url).toBe('/0')
      }),
      { numRuns: 60 },
    )
  })
})

describe('response heads agree with a Node client', () => {
  test('on status, version and header names', async () => {
    const status = fc.constantFrom(200, 204, 301, 404, 418, 503, 599)
    const header = fc.tuple(token, value)
    let compared = 0
    await fc.assert(
      fc.asyncProperty(
        status,
        value,
        fc.array(header, { maxLength: 5 }),
        async (code, reason, headers) => {
          const lines = headers.map(([name, text]) => `X-${name}: ${text}\r\n`).join('')
          const text = `HTTP/1.1 ${code} ${reason}\r\n${lines}\r\n`
          const theirs = await answer(text)
          if (theirs === undefined) return
          compared++
          const ours = decodeHttpResponse(bytes(text))
          expect(ours).toMatchObject({ status: theirs.statusCode, version: theirs.httpVersion })
          expect(ours?.headerNames).toEqual(seen(theirs).names)
        },
      ),
      { numRuns: 60 },
    )
    expect(compared).toBeGreaterThan(40)
  })

  async function answer(text: string): Promise<IncomingMessage | undefined> {
    const server = createTcpServer(socket => {
      socket.on('error', () => undefined)
      socket.end(bytes(text))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const request = get({ port, host: '127.0.0.1', agent: false })
    const message = await new Promise<IncomingMessage | undefined>(resolve => {
      request.on('response', resolve).on('error', () => resolve(undefined))
    })
    message?.resume()
    request.destroy()
    server.close()
    return message
  }
})

describe('request heads', () => {
  const request = (text: string) => decodeHttpRequest(bytes(text))

  test.each([
    ['bare LF', 'GET /a HTTP/1.1\nHost: h\n\n', { target: '/a', version: '1.1', host: 'h' }],
    ['empty lines before', '\r\n\r\nGET / HTTP/1.0\r\n\r\n', { target: '/', version: '1.0' }],
    ['no version', 'GET /x?y\r\n', { target: '/x?y', version: '0.9' }],
    ['spaces in the target', 'GET /a b; c="d e" HTTP/1.1\r\n\r\n', { target: '/a b; c="d e"' }],
    ['an own method', 'BASELINE-CONTROL /v HTTP/1.1\r\n\r\n', { method: 'BASELINE-CONTROL' }],
    ['lower case', 'get / HTTP/1.1\r\n\r\n', { method: 'get' }],
    ['no target', 'GET  HTTP/1.1\r\nHost: h\r\n\r\n', { target: '', version: '1.1', host: 'h' }],
    ['no target, one blank', 'GET HTTP/1.1\r\n\r\n', { target: '', version: '1.1' }],
    ['lower case', 'get /a HTTP/1.1\r\n\r\n', { method: 'get', target: '/a' }],
    ['a tab', 'GET\t/\tHTTP/1.1\r\n\r\n', { method: 'GET', target: '/' }],
    ['CONNECT', 'CONNECT a.test:443 HTTP/1.1\r\n\r\n', { target: 'a.test:443' }],
    ['an odd version', 'GET / HTTP/1.01\r\n\r\n', { version: '1.01' }],
    ['UTF-8', 'GET /\xc3\xa4 HTTP/1.1\r\n\r\n', { target: '/ä' }],
    ['Latin-1', 'GET /\xe4 HTTP/1.1\r\n\r\n', { target: '/ä' }],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : h\r\n\r\n', { host: 'h' }],
    ['a line without colon', 'GET / HTTP/1.1\r\nnonsense\r\nHost: h\r\n\r\n', { host: 'h' }],
    ['a fold', 'GET / HTTP/1.1\r\nUser-Agent: a\r\n\t b\r\n  c\r\n\r\n', { userAgent: 'a b c' }],
    ['a fold at once', 'GET / HTTP/1.1\r\nHost:\r\n h\r\n\r\n', { host: 'h' }],
    ['a cut line', 'POST /very/long', { target: '/very/long', cut: true }],
    ['a cut version', 'GET /a HTTP/1', { target: '/a', cut: true }],
    ['cut headers', 'GET / HTTP/1.1\r\nHost: h\r\nUser-Ag', { host: 'h', cut: true }],
    ['credentials', 'GET http://me:pw@h/x HTTP/1.1\r\n\r\n', { target: 'http://h/x' }],
  ])('with %s are read', (_, text, expected) => {
    expect(request(text)).toMatchObject(expected)
  })

  test.each([
    'OPTIONS sip:a@b SIP/2.0\r\n\r\n',
    'OPTIONS * RTSP/1.0\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET',
    'GET \r\n',
    'GET nonsense\r\n',
    'EHLO me\r\n',
    '{"a": 1}',
    'BREW /pot',
    '',
  ])('%j is none', text => {
    expect(request(text)).toBeUndefined()
  })

  test('never give cookies or credentials away', () => {
    const text =
      'GET http://u:secret1@h/ HTTP/1.1\r\nCookie: secret2\r\nAuthorization: Basic secret3\r\n' +
      'Referer: http://u:secret4@h/\r\nProxy-Authorization: secret5\r\n\r\nsecret6'
    const head = request(text)
    const shown = JSON.stringify(head && httpFields(head))
    expect(shown).not.toContain('secret')
    expect(head?.headerNames).toContain('Authorization')
  })
})

describe('response heads', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\n\r\n', 200, '1.1'],
    ['HTTP/1.1 200\r\n\r\n', 200, '1.1'],
    ['HTTP/1.2 700 odd\r\n\r\n', 700, '1.2'],
    ['HTTP/1.01  404 x\n\n', 404, '1.01'],
    ['HTTP/1.1 200 \rTransfer-Encoding:chunked\r\n\r\n', 200, '1.1'],
    ['ICY 200 OK\r\n\r\n', 200, '1.0'],
    ['HTTP/1.0 301 Mo', 301, '1.0'],
  ])('%j', (text, status, version) => {
    expect(decodeHttp(bytes(text))).toMatchObject({ kind: 'response', status, version })
  })

  test.each(['HTTP/1.1 20 OK\r\n', 'HTTP/1.1 2000 OK\r\n', 'HTTP 200\r\n', 'ICY'])(
    '%j is none',
    text => {
      expect(decodeHttpResponse(bytes(text))).toBeUndefined()
    },
  )
})

describe('the next head', () => {
  const heads = (text: string, method?: string) => {
    const found: (string | number)[] = []
    const stream = bytes(text)
    const next = readHttpHeads(
      stream,
      0,
      stream.length,
      head => found.push(head.kind === 'request' ? head.target : head.status),
      method,
    )
    return [found, next] as const
  }

  test.each([
    // The requests after these were smuggled past a parser that believed the length.
    ['Content-Length: 18446744073709551615\r\n\r\n', '/smuggled'],
    ['Content-Length: -1\r\n\r\n', '/smuggled'],
    ['Expect: 100-continue\r\nContent-Length: 0\r\n\r\n', '/smuggled'],
    ['Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n', '/smuggled'],
  ])('is found behind %j', (headers, target) => {
    const [found] = heads(`POST / HTTP/1.1\r\nHost: t\r\n${headers}GET ${target} HTTP/1.1\r\n\r\n`)
    expect(found).toEqual(['/', target])
  })

  test('is beyond the bytes while a body is still to come', () => {
    expect(heads('POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc')).toEqual([['/'], 140])
  })

  test.each([
    ['HTTP/1.1 200 OK\r\n\r\nbody until the end', undefined, UNKNOWN],
    ['HTTP/1.1 101 Switching\r\n\r\n\x81\x01a', undefined, UNKNOWN],
    ['HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n', undefined, 40],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HEAD', 38],
    ['HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01', 'CONNECT', UNKNOWN],
  ])('after %j of %s is %i', (text, method, expected) => {
    const head = decodeHttp(bytes(text)) as HttpResponse
    expect(nextHead(head, bytes(text), text.length, method)).toBe(expected)
  })

  test('is not looked for in what is no head', () => {
    expect(heads('GET / HTTP/1.1\r\n\r\n\x16\x03\x01\x02')).toEqual([['/'], UNKNOWN])
  })
})

describe('HTTP takes any bytes', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map(each => Buffer.from(each).toString('latin1')),
    fc.constantFrom(
      'GET ',
      'HTTP/1.1',
      ' ',
      '\r\n',
      '\n',
      '/',
      ':',
      'Host: a',
      'Content-Length: 9',
    ),
    fc.constantFrom('Transfer-Encoding: chunked\r\n\r\n', '5\r\nabcde\r\n', '0\r\n\r\n', '\r\n '),
  )

  test(
    'fuzz: as heads or as nothing, never as an exception, and ends',
    () => {
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
          const stream = bytes(pieces.join(''))
          let calls = 0
          const next = readHttpHeads(stream, 0, stream.length, head => {
            calls++
            everything(head)
            JSON.stringify(httpFields(head))
            expect(head.end).toBeLessThanOrEqual(stream.length)
          })
          expect(calls).toBeLessThanOrEqual(64)
          expect(next).toBeGreaterThanOrEqual(UNKNOWN)
        }),
        effort(3000),
      )
    },
    patience,
  )

  test('and gives a bounded number of names', () => {
    const head = decodeHttp(bytes(`GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5000)}\r\n`))
    expect(head?.headerNames).toHaveLength(64)
    expect(head?.cut).toBe(false)
  })
})

describe('url fields', () => {
  test.each([
    [
      'GET',
      '/a/b.tar.gz?x=1#y',
      'h.test:8080',
      {
        original: '/a/b.tar.gz?x=1#y',
        scheme: 'http',
        domain: 'h.test',
        port: 8080,
        path: '/a/b.tar.gz',
        query: 'x=1',
        fragment: 'y',
        extension: 'gz',
        full: 'http://h.test:8080/a/b.tar.gz?x=1#y',
      },
    ],
    [
      'GET',
      'http://p.test/q?r',
      'other',
      {
        original: 'http://p.test/q?r',
        scheme: 'http',
        domain: 'p.test',
        path: '/q',
        query: 'r',
        full: 'http://p.test/q?r',
      },
    ],
    ['CONNECT', 'a.test:443', 'a.test', { original: 'a.test:443', domain: 'a.test', port: 443 }],
    ['CONNECT', '[::1]:443', undefined, { original: '[::1]:443', domain: '[::1]', port: 443 }],
    ['OPTIONS', '*', 'h', { original: '*', scheme: 'http', domain: 'h', full: 'http://h' }],
    ['GET', '/', undefined, { original: '/', path: '/' }],
    [
      'GET',
      '/?u=http://x/y',
      '[2001:db8::1]',
      {
        original: '/?u=http://x/y',
        scheme: 'http',
        domain: '[2001:db8::1]',
        path: '/',
        query: 'u=http://x/y',
        full: 'http://[2001:db8::1]/?u=http://x/y',
      },
    ],
  ])('%s %s', (method, target, host, expected) => {
    expect(urlFields(method, target, host)).toEqual(expected)
  })
})

test('a request and a response as ECS documents', () => {
  const request = decodeHttp(
    bytes(
      'POST /f.php HTTP/1.1\r\nHost: h\r\nUser-Agent: ua\r\nContent-Type: Text/HTML; charset=x\r\n' +
        'Content-Length: 12\r\nReferer: http://r/\r\n\r\n',
    ),
  )
  expect(request && httpFields(request)).toEqual({
    http: {
      version: '1.1',
      request: {
        method: 'POST',
        referrer: 'http://r/',
        mime_type: 'text/html',
        body: { bytes: 12 },
      },
    },
    url: {
      original: '/f.php',
      scheme: 'http',
      domain: 'h',
      path: '/f.php',
      extension: 'php',
      full: 'http://h/f.php',
    },
    user_agent: { original: 'ua' },
    orthrus: {
      http: {
        header_names: ['Host', 'User-Agent', 'Content-Type', 'Content-Length', 'Referer'],
      },
    },
  })
  const response = decodeHttp(bytes('HTTP/1.1 404 no\r\nContent-Type: a/b\r\n\r\n'))
  expect(response && httpFields(response)).toEqual({
    http: { version: '1.1', response: { status_code: 404, mime_type: 'a/b' } },
    orthrus: { http: { header_names: ['Content-Type'] } },
  })
})
