import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSsh, hassh, hasshServer } from '../../src/protocols/ssh.ts'
import { sshFields } from '../../src/protocols/ssh-ecs.ts'
import * as build from '../generate/application.ts'
import { effort, patience } from './effort.ts'
import { everything } from './everything.ts'

const lists = [
  'kex1,kex2',
  'key',
  'enc-cs',
  'enc-sc',
  'mac-cs',
  'mac-sc',
  'zip-cs',
  'zip-sc',
  '',
  '',
]
const hello = Buffer.concat([build.sshBanner('OpenSSH_9.2p1 Debian-2'), build.sshKexInit(lists)])
const md5 = (text: string) => createHash('md5').update(text).digest('hex')

describe('an SSH hello', () => {
  test('gives banner, software and both HASSH', () => {
    const decoded = decodeSsh(hello)
    expect(decoded).toMatchObject({
      banner: 'SSH-2.0-OpenSSH_9.2p1 Debian-2',
      protocol: '2.0',
      software: 'OpenSSH_9.2p1',
      comments: 'Debian-2',
      cut: false,
    })
    expect(decoded?.kexInit && hassh(decoded.kexInit)).toBe(md5('kex1,kex2;enc-cs;mac-cs;zip-cs'))
    expect(decoded?.kexInit && hasshServer(decoded.kexInit)).toBe(
      md5('kex1,kex2;enc-sc;mac-sc;zip-sc'),
    )
  })

  test('is the same behind the lines that a server may send first (RFC 4253 4.2)', () => {
    const before = Buffer.from('Welcome\r\n\r\nto the jungle\n')
    expect(decodeSsh(Buffer.concat([before, hello]))).toEqual(decodeSsh(hello))
  })

  test('may come in two parts: the key exchange alone', () => {
    const decoded = decodeSsh(build.sshKexInit(lists))
    expect(decoded?.banner).toBeUndefined()
    expect(decoded?.kexInit).toEqual(decodeSsh(hello)?.kexInit)
  })

  test.each([
    ['SSH-2.0-OpenSSH_9.6\n', 'OpenSSH_9.6', '2.0'],
    ['SSH-1.5-1.2.26\n', '1.2.26', '1.5'],
    ['SSH-1.99-Cisco-1.25\r\n', 'Cisco-1.25', '1.99'],
    ['SSH-2.0-libssh2_1.11.0 \r\n', 'libssh2_1.11.0', '2.0'],
    ['SSH-2.0-\r\n', undefined, '2.0'],
  ])('%j', (text, software, protocol) => {
    const decoded = decodeSsh(Buffer.from(text))
    expect(decoded).toMatchObject({ protocol, cut: false })
    expect(decoded?.software).toBe(software)
  })

  test('cut anywhere is flagged, never wrong', () => {
    const banner = build.sshBanner('OpenSSH_9.2p1 Debian-2').length
    const kexEnd = hello.length - 14 // padding and the fields behind the lists
    for (let size = 8; size < kexEnd - 20; size++) {
      const decoded = decodeSsh(hello, 0, size)
      expect(decoded?.cut).toBe(size !== banner)
      expect(decoded?.kexInit).toBeUndefined()
    }
  })

  test.each(['', 'SS', 'GET / HTTP/1.1\r\n', '220 mail ESMTP\r\n', '\0\0\0\x0c\x03\x15aaaa'])(
    '%j is none',
    text => {
      expect(decodeSsh(Buffer.from(text, 'latin1'))).toBeUndefined()
    },
  )

  test('as ECS says whose it is', () => {
    const decoded = decodeSsh(hello)
    expect(decoded && sshFields(decoded, true)).toEqual({
      orthrus: {
        ssh: {
          server: 'SSH-2.0-OpenSSH_9.2p1 Debian-2',
          hassh_server: md5('kex1,kex2;enc-sc;mac-sc;zip-sc'),
        },
      },
    })
    expect(decoded && sshFields(decoded, false).orthrus.ssh).toEqual({
      client: 'SSH-2.0-OpenSSH_9.2p1 Debian-2',
      hassh: md5('kex1,kex2;enc-cs;mac-cs;zip-cs'),
    })
  })

  test(
    'fuzz: is taken from any bytes, or nothing is',
    () => {
      const edits = fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 8 })
      fc.assert(
        fc.property(edits, fc.uint8Array({ maxLength: 80 }), (changes, noise) => {
          const changed = Uint8Array.from([...hello, ...noise])
          for (const [at, value] of changes) changed[at] = value
          for (const bytes of [
            changed,
            noise,
            Buffer.concat([Buffer.from('SSH-2.0-x\n'), noise]),
          ]) {
            const decoded = decodeSsh(bytes)
            expect(everything(decoded)).toBeLessThan(8 * 8192)
            if (decoded?.kexInit) hassh(decoded.kexInit)
          }
        }),
        effort(2000),
      )
    },
    patience,
  )
})
