import { type FlowEvent } from '../decode/flow.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { l7 } from '../decode/record.ts'
import { newKeys, type SshOpening } from './ssh-opening.ts'

/** What a session in which nobody was let in looks like, in bytes above TCP. */
export interface LoginService {
  readonly name: string
  /** Of the server: less is a mere greeting, more is work that was done. */
  readonly least: number
  readonly most: number
  /** Of the client. */
  readonly clientLeast: number
  readonly clientMost: number
  /** Such sessions in a window that make guessing. */
  readonly attempts: number
  /** Programs of its own look in every minute, and stay no longer: only a fast rate says something. */
  readonly polled?: boolean
}

const service = (
  name: string,
  [least, most]: readonly [number, number],
  [clientLeast, clientMost]: readonly [number, number],
  attempts: number,
): LoginService => ({ name, least, most, clientLeast, clientMost, attempts })

/** Measured: OpenSSH 9 refuses six passwords with 2.2 to 3.6 KB, with post-quantum keys 4.6 KB. */
const ssh = service('ssh', [600, 6000], [600, 9000], 10)
const telnet = service('telnet', [20, 2500], [6, 1500], 10)
const ftp = service('ftp', [30, 1500], [10, 1000], 15)
const rdp = service('rdp', [100, 12_000], [100, 9000], 10)
/** Negotiation and a refused session; whoever gets in asks for a share. */
const smb = service('smb', [150, 1600], [150, 2500], 15)
const vnc = service('vnc', [12, 200], [12, 200], 8)
const mssql = service('mssql', [100, 4000], [100, 3000], 20)
const mysql = service('mysql', [100, 300], [50, 1000], 20)
const postgresql = service('postgresql', [10, 400], [30, 1000], 20)
/** A mailbox without news is over as soon as a refusal. */
const pop3 = { ...service('pop3', [40, 500], [15, 300], 40), polled: true }
const imap = { ...service('imap', [60, 1200], [15, 400], 40), polled: true }
const winrm = service('winrm', [150, 3000], [150, 4000], 20)

const services: readonly (readonly [number, LoginService])[] = [
  [21, ftp],
  [22, ssh],
  [23, telnet],
  [110, pop3],
  [139, smb],
  [143, imap],
  [445, smb],
  [1433, mssql],
  [2222, ssh],
  [2323, telnet],
  [3306, mysql],
  [3389, rdp],
  [5432, postgresql],
  [5900, vnc],
  [5901, vnc],
  [5902, vnc],
  [5903, vnc],
  [5985, winrm],
  [5986, winrm],
]

const byPort = new Array<LoginService | undefined>(65_536).fill(undefined)
for (const [port, its] of services) byPort[port] = its

/** The service that a flow logs in to, if any: by its content where that is known, else by its port. */
export function loginServiceOf({ packet, l7: content }: FlowEvent): LoginService | undefined {
  if (packet.protocol !== ipProtocol.tcp) return undefined
  return content === l7.L7_SSH ? ssh : byPort[packet.destinationPort]
}

/** ns: who guesses does not stay longer. */
const longest = 120e9

/** What is told of a session by what was said in it. */
export interface Verdict {
  /** Passwords that were tried and refused, at least; 0 where none was. */
  readonly guesses: number
  /** Whether somebody did work in it. */
  readonly isUsed: boolean
}

const nothing: Verdict = { guesses: 0, isUsed: false }
const once: Verdict = { guesses: 1, isUsed: false }
const used: Verdict = { guesses: 0, isUsed: true }

/** Says how a session went, by the totals of both sides; `opening` where keys were exchanged before. */
export function judgeSession(
  flow: FlowEvent,
  its: LoginService,
  opening: SshOpening | undefined,
): Verdict {
  if (opening !== undefined && isTrue(flow, opening)) return judgeSsh(flow, opening)
  if (flow.action === 'end' && looksRefused(flow, its)) return once
  return looksUsed(flow, its) ? used : nothing
}

/** Whether it can have been so: who ends after the hello has exchanged no keys, nobody else says less than they take. */
function isTrue({ sourcePayload, destinationPayload }: FlowEvent, opening: SshOpening): boolean {
  if (sourcePayload <= opening.hello) return true
  return sourcePayload >= opening.client - newKeys && destinationPayload >= opening.server / 2
}

/**
 * Measured behind the key exchange: `none` and a refusal are 104 and 120 bytes; a password is 76 to
 * 100 and its refusal as much. Six in one session, which is what a server allows, come to 740 each
 * way (medusa). A key takes its client to 900 before the first command, and whoever is let in by
 * OpenSSH is told of all host keys.
 */
const attempt = { least: 112, start: 104, each: 84, most: 6 }
const work = { client: 800, server: 850 }

function judgeSsh(flow: FlowEvent, { client, server, unsure }: SshOpening): Verdict {
  const said = flow.sourcePayload - client
  const answered = flow.destinationPayload - server
  if (said > work.client || answered - unsure > work.server) return used
  if (flow.action !== 'end' || said < attempt.least) return nothing
  if (flow.duration > longest) return nothing
  const guesses = Math.round((said - attempt.start) / attempt.each)
  return { guesses: Math.min(attempt.most, Math.max(1, guesses)), isUsed: false }
}

/** Whether it was over soon, with no more said than it takes to be refused. */
function looksRefused(flow: FlowEvent, its: LoginService): boolean {
  const { sourcePayload, destinationPayload, duration } = flow
  return (
    duration <= longest &&
    destinationPayload >= its.least &&
    destinationPayload <= its.most &&
    sourcePayload >= its.clientLeast &&
    sourcePayload <= its.clientMost
  )
}

/** Whether somebody did work in it. */
function looksUsed(
  { sourcePayload, destinationPayload, duration }: FlowEvent,
  its: LoginService,
): boolean {
  const both = sourcePayload >= its.clientLeast && destinationPayload >= its.least
  const more = destinationPayload > its.most || sourcePayload > its.clientMost
  return both && (more || duration > longest)
}
