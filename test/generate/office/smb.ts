import { concat, fill, noise, u8, u32 } from '../bytes.ts'
import { bulk, type Payload, payload } from './payload.ts'
import { type Say } from './talk.ts'

/** Bytes up and down after the session is set up. */
export interface Transfer {
  readonly up: number
  readonly down: number
  readonly wait?: number
}

/** SMB 3 over TCP: negotiation in clear, then encrypted messages (MS-SMB2 2.2). */
export function* smbSays(transfers: Iterable<Transfer>): Generator<Say, void, void> {
  yield { from: 'client', data: NEGOTIATE }
  yield { from: 'server', data: NEGOTIATED, wait: 200 }
  for (let i = 0; i < 2; i++) {
    yield { from: 'client', data: sealed(300), wait: 400 }
    yield { from: 'server', data: sealed(220), wait: 500 }
  }
  for (const { up, down, wait = 0 } of transfers) {
    yield { from: 'client', data: sealed(up), wait }
    yield { from: 'server', data: sealed(down), wait: 400 }
  }
}

// le16 and le32: SMB is little-endian.
const le16 = (...values: readonly number[]) =>
  concat(...values.map(value => u8(value, value >>> 8)))
const le32 = (...values: readonly number[]) =>
  concat(...values.map(value => u8(value, value >>> 8, value >>> 16, value >>> 24)))

function session(message: Uint8Array): Uint8Array {
  return concat(u32(message.length), message)
}

function header(command: number, response: boolean): Uint8Array {
  return concat(
    u8(0xfe, 0x53, 0x4d, 0x42),
    le16(64, 0),
    le32(0),
    le16(command, 1),
    le32(response ? 1 : 0, 0),
    fill(8),
    le32(0xfeff, 0),
    fill(8 + 16),
  )
}

const NEGOTIATE = payload(
  session(
    concat(
      header(0, false),
      le16(36, 2, 1, 0),
      le32(0x7f),
      noise(16, 31),
      fill(8),
      le16(0x0300, 0x0302),
    ),
  ),
)

const NEGOTIATED = payload(
  session(
    concat(
      header(0, true),
      le16(65, 1, 0x0302, 0),
      noise(16, 32),
      le32(0x47, 0x800000, 0x800000, 0x800000),
      fill(16),
      le16(128, 0),
      le32(0),
    ),
  ),
)

/** An encrypted message behind a transform header (2.2.41). */
function sealed(size: number): Payload {
  const length = Math.max(size, 80)
  const head = concat(
    u32(52 + length),
    u8(0xfd, 0x53, 0x4d, 0x42),
    noise(32, length % 97),
    le32(length),
    le16(0, 1),
    noise(8, 33),
  )
  return bulk(4 + 52 + length, head)
}
