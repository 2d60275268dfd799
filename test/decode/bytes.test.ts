import { expect, test } from 'vitest'
import { copyPayload } from '../../src/decode/bytes.ts'
import { eventKind } from '../../src/decode/record.ts'
import { noise } from '../generate/bytes.ts'
import { messageBody, record } from './records.ts'

/** A record with this payload, at `offset` of a view that begins at `start` of its memory. */
function placed(payload: Uint8Array, start: number, offset: number): DataView {
  const whole = record({ kind: eventKind.EVENT_MESSAGE, payload }, messageBody({}))
  const bytes = new Uint8Array(start + offset + whole.byteLength)
  bytes.set(new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength), start + offset)
  return new DataView(bytes.buffer, start)
}

test('a payload of any length is copied from any place, and stays as it was', () => {
  const copies: (readonly [copy: Buffer, payload: Uint8Array])[] = []
  for (let length = 0; length <= 700; length++) {
    const [start, offset] = [length % 5, (length * 3) % 8]
    const payload = noise(length, length)
    copies.push([copyPayload(placed(payload, start, offset), offset), payload])
  }
  for (const [copy, payload] of copies) expect(Buffer.compare(copy, payload)).toBe(0)
})

test.each([4000, 16_384, 65_535])('a payload of %i bytes is copied', length => {
  const payload = noise(length, 1)
  expect(Buffer.compare(copyPayload(placed(payload, 0, 0), 0), payload)).toBe(0)
})
