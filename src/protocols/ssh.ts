import { createHash } from 'node:crypto'
import { Cursor } from './cursor.ts'
import { lineEnd } from './http-head.ts'
import { label, latin1 } from './text.ts'

/** Name lists of a key exchange, as sent (RFC 4253 7.1). */
export interface SshKexInit {
  readonly kexAlgorithms: string
  readonly hostKeyAlgorithms: string
  readonly encryptionToServer: string
  readonly encryptionToClient: string
  readonly macToServer: string
  readonly macToClient: string
  readonly compressionToServer: string
  readonly compressionToClient: string
}

/** What one side says at the start of a connection. */
export interface SshHello {
  /** The identification line, `SSH-2.0-OpenSSH_9.6 Debian-1`. */
  readonly banner?: string
  /** `2.0`, `1.99`, `1.5`. */
  readonly protocol?: string
  /** Software version without comments, `OpenSSH_9.6`. */
  readonly software?: string
  readonly comments?: string
  readonly kexInit?: SshKexInit
  /** Bytes from the banner to the end of the key exchange's packet, where both are there. */
  readonly size?: number
  /** The bytes end before banner or key exchange do. */
  readonly cut: boolean
}

const PREFIX = 'SSH-'
// RFC 4253 4.2: 255 octets; servers may send lines before.
const MAX_BANNER = 255
const MAX_LINES = 32
const MAX_BEFORE = 4096
const MAX_LIST = 8192
const KEXINIT = 20

/**
 * Banner and key exchange at the start of one direction of a connection, or a key exchange alone
 * (RFC 4253 4.2, 6, 7.1); undefined when neither starts here. Lines before a banner are passed, a
 * bare LF ends a line too.
 */
export function decodeSsh(bytes: Uint8Array, start = 0, end = bytes.length): SshHello | undefined {
  const stop = Math.min(end, bytes.length)
  const at = findBanner(bytes, Math.max(start, 0), stop)
  if (at < 0) return kexAlone(bytes, Math.max(start, 0), stop)
  const lf = lineEnd(bytes, at, Math.min(stop, at + MAX_BANNER + 2))
  const banner = label(
    bytes,
    at,
    lineStop(bytes, at, lf < 0 ? Math.min(stop, at + MAX_BANNER) : lf),
  )
  const parts = { banner, ...bannerParts(banner) }
  if (lf < 0) return { ...parts, cut: true }
  const kexInit = readKexInit(bytes, lf + 1, stop)
  if (typeof kexInit === 'object') {
    return { ...parts, kexInit, size: packetEnd(bytes, lf + 1) - at, cut: false }
  }
  return { ...parts, cut: kexInit === 'cut' }
}

/** HASSH: MD5 of the client's algorithms (github.com/salesforce/hassh 1.1). */
export function hassh(kex: SshKexInit): string {
  return md5([kex.kexAlgorithms, kex.encryptionToServer, kex.macToServer, kex.compressionToServer])
}

/** HASSHServer: MD5 of the server's algorithms. */
export function hasshServer(kex: SshKexInit): string {
  return md5([kex.kexAlgorithms, kex.encryptionToClient, kex.macToClient, kex.compressionToClient])
}

function md5(lists: readonly string[]): string {
  return createHash('md5').update(lists.join(';'), 'latin1').digest('hex')
}

function kexAlone(bytes: Uint8Array, start: number, end: number): SshHello | undefined {
  const kexInit = readKexInit(bytes, start, end)
  return typeof kexInit === 'object' ? { kexInit, cut: false } : undefined
}

function findBanner(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_BEFORE)
  let at = start
  for (let i = 0; i < MAX_LINES && at < limit; i++) {
    if (latin1(bytes, at, Math.min(at + 4, end)) === PREFIX) return at
    const lf = lineEnd(bytes, at, limit)
    if (lf < 0 || !isText(bytes, at, lf)) return -1
    at = lf + 1
  }
  return -1
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = bytes[i] ?? 0
    if (c < 32 && c !== 13 && c !== 9) return false
  }
  return true
}

function lineStop(bytes: Uint8Array, start: number, end: number): number {
  return end > start && bytes[end - 1] === 13 ? end - 1 : end
}

// SSH-protoversion-softwareversion SP comments
function bannerParts(banner: string): Partial<SshHello> {
  const dash = banner.indexOf('-', PREFIX.length)
  if (dash < 0) return {}
  const rest = banner.slice(dash + 1)
  const space = rest.indexOf(' ')
  const software = space < 0 ? rest : rest.slice(0, space)
  const comments = space < 0 ? '' : rest.slice(space + 1)
  return {
    protocol: banner.slice(PREFIX.length, dash),
    ...(software !== '' && { software }),
    ...(comments !== '' && { comments }),
  }
}

// RFC 4253 6: packet length, padding length, payload; 7.1: message, 16 octets of cookie, ten lists
function readKexInit(
  bytes: Uint8Array,
  start: number,
  end: number,
): SshKexInit | 'cut' | undefined {
  const input = new Cursor(bytes, start, end)
  const length = input.u32()
  const padding = input.u8()
  const message = input.u8()
  if (input.bad) return start < end ? 'cut' : undefined
  if (message !== KEXINIT || length < 22 || length > 35_000 || padding >= length) return undefined
  input.take(16)
  const lists: string[] = []
  for (let i = 0; i < 8; i++) lists.push(nameList(input))
  if (input.bad) return 'cut'
  const [kex = '', key = '', cs = '', sc = '', macCs = '', macSc = '', zipCs = '', zipSc = ''] =
    lists
  return {
    kexAlgorithms: kex,
    hostKeyAlgorithms: key,
    encryptionToServer: cs,
    encryptionToClient: sc,
    macToServer: macCs,
    macToClient: macSc,
    compressionToServer: zipCs,
    compressionToClient: zipSc,
  }
}

/** Where the packet at `start`, whose length is there, ends. */
function packetEnd(bytes: Uint8Array, start: number): number {
  return start + 4 + new Cursor(bytes, start, bytes.length).u32()
}

function nameList(input: Cursor): string {
  const length = input.u32()
  return length > MAX_LIST ? input.text(-1) : input.text(length)
}
