import { sshBanner, sshKexInit } from '../../application.ts'
import { concat, u8 } from '../../bytes.ts'
import { type TlsServer } from '../hello.ts'
import { local } from '../inside.ts'
import { type Lan } from '../lan.ts'
import { bulk, type Payload, payload } from '../payload.ts'
import { type Process } from '../schedule.ts'
import { smbSays } from '../smb.ts'
import { MINUTE, SECOND, type Station } from '../station.ts'
import { type Say } from '../talk.ts'
import { tlsSays } from '../web.ts'
import { type Attack, entityOf, on, taken } from './attack.ts'

const text = (content: string): Payload => payload(content)

/** Passwords tried one after the other: `attempt` says what one connection is like. */
function guessing(
  at: number,
  options: {
    readonly attacker: string
    readonly target: string
    readonly port: number
    readonly count: number
    readonly gap: number
    readonly attempt: (index: number) => Iterable<Say>
    readonly expected: string
  },
): Attack {
  return {
    at,
    plan(context) {
      const attacker = taken(context, options.attacker)
      const target = context.lan.station(options.target)
      return {
        process: guess(context.lan, attacker, target, options),
        truth: {
          end: context.time + options.count * options.gap + 5 * MINUTE,
          entity: entityOf(attacker),
          victim: entityOf(target),
          expected: options.expected,
        },
      }
    },
  }
}

function* guess(
  lan: Lan,
  attacker: Station,
  target: Station,
  {
    port,
    count,
    gap,
    attempt,
  }: { port: number; count: number; gap: number; attempt: (index: number) => Iterable<Say> },
): Process {
  for (let i = 0; i < count; i++) {
    lan.spawn(local(lan, attacker, target, port, attempt(i)))
    yield lan.now + attacker.dice.around(gap, 0.2)
  }
}

/** Banners and key exchange, then so many refused passwords in sealed packets. */
export function* sshAttempt(tries: number): Generator<Say, void, void> {
  yield { from: 'server', data: payload(sshBanner('OpenSSH_8.2')), wait: 3000 }
  yield { from: 'client', data: payload(sshBanner('libssh2_1.10.0')), wait: 200 }
  yield { from: 'client', data: payload(sshKexInit()), wait: 200 }
  yield { from: 'server', data: payload(sshKexInit()), wait: 300 }
  yield { from: 'client', data: bulk(48, u8(0, 0, 0, 44, 6, 30)), wait: 900 }
  yield { from: 'server', data: bulk(680, u8(0, 0, 0, 188, 9, 31)), wait: 2000 }
  for (let i = 0; i < tries + 2; i++) {
    yield { from: 'client', data: bulk(84, u8(0x8a, 0x41, 0x17, i)), wait: 1000 }
    yield { from: 'server', data: bulk(68, u8(0x19, 0xd7, 0x52, i)), wait: 0.5 * SECOND }
  }
}

export const sshGuessing = guessing(on(8, 20), {
  attacker: 'jonas',
  target: 'nas',
  port: 22,
  count: 150,
  gap: 4 * SECOND,
  attempt: () => sshAttempt(3),
  expected: 'many short SSH sessions of one pair',
})

const REMOTE_DESKTOP: TlsServer = {
  version: '1.2',
  chain: [
    {
      subject: 'PC-BERND',
      issuer: 'PC-BERND',
      notBefore: '260101000000Z',
      notAfter: '260703000000Z',
    },
  ],
}

// X.224 connection request and confirm (MS-RDPBCGR 2.2.1.1): TLS is asked for and taken.
const X224 = payload(
  concat(
    u8(3, 0, 0, 43, 38, 0xe0, 0, 0, 0, 0, 0),
    'Cookie: mstshash=admin\r\n',
    u8(1, 0, 8, 0, 1, 0, 0, 0),
  ),
)
const X224_CONFIRM = payload(u8(3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0))

export function* rdpAttempt(): Generator<Say, void, void> {
  yield { from: 'client', data: X224 }
  yield { from: 'server', data: X224_CONFIRM, wait: 1000 }
  yield* tlsSays(REMOTE_DESKTOP, 'openssl', '', [
    { up: 500, down: 300 },
    { up: 700, down: 90, wait: 0.4 * SECOND },
  ])
}

export const rdpGuessing = guessing(on(9, 20), {
  attacker: 'PC-DAVID',
  target: 'PC-BERND',
  port: 3389,
  count: 120,
  gap: 5 * SECOND,
  attempt: rdpAttempt,
  expected: 'many short RDP sessions of one pair',
})

export const telnetGuessing = guessing(on(10, 20), {
  attacker: 'PC-BERND',
  target: 'BRW008077AB31',
  port: 23,
  count: 80,
  gap: 6 * SECOND,
  attempt: index => [
    { from: 'server', data: payload(u8(255, 253, 1, 255, 253, 31)), wait: 1000 },
    { from: 'client', data: payload(u8(255, 252, 1, 255, 252, 31)), wait: 300 },
    { from: 'server', data: text('login: '), wait: 1000 },
    { from: 'client', data: text('admin\r\n'), wait: 2000 },
    { from: 'server', data: text('Password: '), wait: 1000 },
    { from: 'client', data: text(`pass${index}\r\n`), wait: 2000 },
    { from: 'server', data: text('Login incorrect\r\n'), wait: SECOND },
  ],
  expected: 'many short Telnet sessions of one pair',
})

export const ftpGuessing = guessing(on(11, 20), {
  attacker: 'jonas',
  target: 'Canon-Lab',
  port: 21,
  count: 100,
  gap: 4 * SECOND,
  attempt: index => [
    { from: 'server', data: text('220 FTP print service ready.\r\n'), wait: 1000 },
    { from: 'client', data: text('USER admin\r\n'), wait: 500 },
    { from: 'server', data: text('331 Password required for admin.\r\n'), wait: 1000 },
    { from: 'client', data: text(`PASS secret${index}\r\n`), wait: 500 },
    { from: 'server', data: text('530 Login incorrect.\r\n'), wait: SECOND },
    { from: 'client', data: text('QUIT\r\n'), wait: 500 },
    { from: 'server', data: text('221 Goodbye.\r\n'), wait: 1000 },
  ],
  expected: 'many FTP logins refused',
})

export const smbGuessing = guessing(on(11, 21), {
  attacker: 'PC-DAVID',
  target: 'nas',
  port: 445,
  count: 200,
  gap: 1.5 * SECOND,
  attempt: () => smbSays([]),
  expected: 'many short SMB sessions of one pair',
})

/** A laptop that visits its neighbours on the ports of administrators. */
export const lateral: Attack = {
  at: on(11, 11),
  plan(context) {
    const { lan, time } = context
    const attacker = taken(context, 'PC-BERND')
    return {
      process: visitNeighbours(lan, attacker),
      truth: {
        end: time + 45 * MINUTE,
        entity: entityOf(attacker),
        expected: 'new peers within the LAN on 445, 3389 and 5985',
      },
    }
  },
}

function* visitNeighbours(lan: Lan, attacker: Station): Process {
  const winrm = (): Say[] => [
    {
      from: 'client',
      data: text(
        'POST /wsman HTTP/1.1\r\nHost: pc:5985\r\nUser-Agent: Microsoft WinRM Client\r\nContent-Length: 0\r\n\r\n',
      ),
    },
    {
      from: 'server',
      data: text('HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n'),
      wait: 2000,
    },
  ]
  for (const name of ['PC-DAVID', 'jonas', 'monitor', 'HP-Office-2A1B', 'Canon-Lab', 'LGwebOSTV']) {
    const target = lan.station(name)
    yield* local(lan, attacker, target, 445, smbSays([{ up: 60_000, down: 400 }]))
    yield lan.now + 40 * SECOND
    yield* local(lan, attacker, target, 5985, winrm())
    yield lan.now + MINUTE
    yield* local(lan, attacker, target, 3389, rdpAttempt())
    yield lan.now + 3 * MINUTE
  }
}
