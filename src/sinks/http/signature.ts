import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { type Secret } from '../../config/secret.ts'
import { SensorError } from '../../errors.ts'

/** DER of an Ed25519 private key before its 32 bytes of seed (RFC 8410 7). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Headers of Standard Webhooks for exactly these bytes: one signature a secret, so that two secrets
 * work while one replaces the other. `time` is ms, that of the attempt.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  secrets: readonly Secret[],
  { id, time, body }: { readonly id: string; readonly time: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(time / 1000))
  // A dot separates the parts of what is signed.
  const webhookId = id.replaceAll('.', '-')
  const content = `${webhookId}.${timestamp}.${body}`
  const signatures = secrets.map(secret => signature(secret.reveal(), content))
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    ...(signatures.length === 0 ? {} : { 'webhook-signature': signatures.join(' ') }),
  }
}

function signature(secret: string, content: string): string {
  const key = keyOf(secret)
  if (Buffer.isBuffer(key)) {
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
  }
  return `v1a,${sign(null, Buffer.from(content), key).toString('base64')}`
}

/**
 * `whsec_` and 24 to 64 bytes in base64 are a shared secret; `whsk_` and 32 or 64 bytes an Ed25519
 * key. Throws CONFIG_INVALID without showing it.
 */
export function keyOf(secret: string): Buffer | KeyObject {
  const [, prefix, text = ''] = /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim()) ?? []
  const bytes = Buffer.from(text, 'base64')
  if (prefix === 'whsec' && bytes.length >= 24 && bytes.length <= 64) return bytes
  if (prefix === 'whsk' && (bytes.length === 32 || bytes.length === 64)) {
    const der = Buffer.concat([pkcs8, bytes.subarray(0, 32)])
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  }
  throw new SensorError(
    'CONFIG_INVALID',
    'a secret of `secrets` must be whsec_ and 24 to 64 bytes in base64; `openssl rand -base64 32` makes them',
  )
}
