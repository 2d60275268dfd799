import { type FaultClass, SinkError } from '../outbox/sink-error.ts'

/**
 * Node's and OpenSSL's codes that time does not mend: certificates, names and protocols that do not
 * fit. https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const certificateCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'HOSTNAME_MISMATCH',
  'EPROTO',
])

/** Codes of our own: an address that the rules refuse, a certificate other than the pinned one. */
export const refusedAddress = 'ORTHRUS_ADDRESS_REFUSED'
export const wrongPin = 'ORTHRUS_WRONG_PIN'

/** Whose fault a failure below the protocol is: of TLS or the rules, a person must mend it. */
export function networkClass(error: unknown): FaultClass {
  const code = codeOf(error)
  return certificateCodes.has(code) ||
    code === refusedAddress ||
    code === wrongPin ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL')
    ? 'configuration'
    : 'transient'
}

/** A failure below the protocol as what a sink throws; `what` begins the sentence. */
export function networkFailure(what: string, error: unknown): SinkError {
  if (error instanceof SinkError) return error
  const why = innermost(error)
  return new SinkError(networkClass(error), `${what}: ${why}`, { cause: error })
}

/** The code of an error or of what caused it; a connection tried by several addresses has many. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return codeOf(error.cause)
}

function innermost(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(innermost))].join(', ')
  }
  if (!(error instanceof Error)) return String(error)
  if (error.message === '' && error.cause !== undefined) return innermost(error.cause)
  return error.message === '' ? codeOf(error) || error.name : tlsReason(error.message)
}

/** OpenSSL says what is wrong in the midst of `…:error:0A00010B:SSL routines:function:reason:file:…`. */
export function tlsReason(message: string): string {
  const found = /^(.*?)\b[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/s.exec(message)
  const [, before = '', reason = ''] = found ?? []
  if (found === null) return message
  const hint = reason === 'wrong version number' ? ', the far side does not speak it' : ''
  return `${before}TLS: ${reason}${hint}`
}
