import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerHost, hostName } from '../../src/enrich/host-name.ts'

test.each([
  ['www.Example.ORG', 'www.example.org'],
  ['example.org.', 'example.org'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['_dmarc.example.org', '_dmarc.example.org'],
  ['printer', 'printer'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
])('%j is the name of a host', (text, name) => {
  expect(hostName(text)).toBe(name)
})

test.each([
  undefined,
  '',
  '.',
  '..',
  'a..b',
  '.example.org',
  'example.org..',
  '192.0.2.1',
  '2001:db8::1',
  'a b',
  'www.example.org\u001b[31m',
  '"><script>',
  '\u202eexample.org',
  'bücher.example',
  `${'a'.repeat(64)}.example`,
  'a.'.repeat(128),
])('%j is none', text => {
  expect(hostName(text)).toBeUndefined()
})

test.each([
  ['www.example.org:8080', 'www.example.org'],
  ['www.example.org', 'www.example.org'],
  ['[2001:db8::1]:80', undefined],
  ['192.0.2.1:80', undefined],
])('the Host header %j names %j', (text, name) => {
  expect(headerHost(text)).toBe(name)
})

test('what is taken for a name is harmless and short, whatever stood there', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4()), text => {
      const name = hostName(text)
      return name === undefined || (/^[a-z0-9._-]{1,253}$/.test(name) && name !== '.')
    }),
  )
})
