import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type SshHello, type SshKexInit } from '../protocols/ssh.ts'
import { type SshEvent } from '../protocols/ssh-events.ts'
import { Bounded, type Kept } from './bounded.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'

/** What both sides of an SSH connection say before anybody logs in, bytes above TCP. */
export interface SshOpening {
  /** Banner and algorithms of the client alone. */
  readonly hello: number
  readonly client: number
  /** At least, and what it may be more: keys of RSA are of several lengths. */
  readonly server: number
  readonly unsure: number
}

/**
 * Public values of a key exchange, as the client and the server send them (RFC 4253, 5656, 8731).
 * One that agrees on a group as well is of no known length.
 */
const exchanges: readonly (readonly [name: RegExp, client: number, server: number])[] = [
  [/^curve25519-sha256|^ecdh-sha2-nistp256$/, 48, 48],
  [/^sntrup761x25519/, 1208, 1088],
  [/^mlkem768x25519/, 1232, 1136],
  [/^ecdh-sha2-nistp384$/, 112, 112],
  [/^ecdh-sha2-nistp521$/, 152, 152],
  [/^diffie-hellman-group1-/, 144, 144],
  [/^diffie-hellman-group14-/, 272, 272],
  [/^diffie-hellman-group1[56]-/, 528, 528],
  [/^diffie-hellman-group1[78]-/, 1040, 1040],
]

/** A host key and what it signs: the least, and what more it may be. */
const hostKeys: readonly (readonly [name: RegExp, least: number, more: number])[] = [
  [/ed25519/, 150, 20],
  [/ecdsa/, 220, 160],
  [/rsa/, 560, 520],
]

/** The packet that says that keys are in use from here on. */
export const newKeys = 16
/** List of the signatures that a server takes (RFC 8308), where the client wants it. */
const extensions = 330

/** µs of silence after which the opening of a connection is forgotten. */
const keep = 3600e6

/** The openings of the connections that are under way. */
export class SshOpenings {
  readonly #openings: Bounded<SshOpening & Kept>

  constructor(limit: number) {
    this.#openings = new Bounded({
      limit,
      idle: (_: SshOpening & Kept, crowded) => (crowded ? keep / 60 : keep),
    })
  }

  advance(time: number): void {
    this.#openings.advance(time)
  }

  take({ client, server, packet }: SshEvent): void {
    if (client === undefined || server === undefined) return
    const opening = sshOpening(client, server)
    if (opening === undefined) return
    this.#openings.add(connectionKey(packet), { ...opening, last: packet.time }, packet.time)
  }

  /** What was said before the log-in; undefined where nobody knows. */
  of({ packet, action }: FlowEvent): SshOpening | undefined {
    if (this.#openings.size === 0) return undefined
    const key = connectionKey(packet)
    const opening = this.#openings.touch(key, packet.time)
    if (action === 'end') this.#openings.delete(key)
    return opening
  }
}

function connectionKey(packet: Packet): number {
  const { sourcePort, destinationPort } = packet
  const hosts = pairKey(sourceKey(packet), destinationKey(packet))
  return pairKey(hosts, sourcePort * 65_536 + destinationPort)
}

/** What the two hellos come to with the keys that they agree on; undefined where that is not known. */
export function sshOpening(client: SshHello, server: SshHello): SshOpening | undefined {
  if (client.kexInit === undefined || server.kexInit === undefined) return undefined
  if (client.size === undefined || server.size === undefined) return undefined
  const exchange = find(exchanges, agreed(client.kexInit, server.kexInit, 'kexAlgorithms'))
  const hostKey = find(hostKeys, agreed(client.kexInit, server.kexInit, 'hostKeyAlgorithms'))
  if (exchange === undefined || hostKey === undefined) return undefined
  const [, ofClient, ofServer] = exchange
  const [, least, more] = hostKey
  const told = client.kexInit.kexAlgorithms.includes('ext-info-c') ? extensions : 0
  return {
    hello: client.size,
    client: client.size + ofClient + newKeys,
    server: server.size + ofServer + least + newKeys,
    unsure: more + told,
  }
}

/** The first of the client's that the server has, too (RFC 4253 7.1). */
function agreed(client: SshKexInit, server: SshKexInit, list: keyof SshKexInit): string {
  const its = new Set(server[list].split(','))
  return client[list].split(',').find(name => its.has(name)) ?? ''
}

function find<T extends readonly [RegExp, ...unknown[]]>(all: readonly T[], name: string) {
  return all.find(([pattern]) => pattern.test(name))
}
