import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls'
import { fileVersion, readPrivate, Secret, secretText } from '../config/secret.ts'
import { section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { SensorError } from '../errors.ts'
import { type Log } from '../operate/log.ts'
import { wrongPin } from './network-error.ts'

const file = (description: string) => Type.String({ default: '', description })

/** Options of every sink that speaks TLS. */
export const tlsOptions = section('How the far side is known, and how it knows us.', {
  ca: file('File of the CA certificates to trust, in PEM; empty for those of the system.'),
  cert: file('File of our own certificate and its chain, in PEM, where the far side wants one.'),
  key: file('File of the private key of `cert`, in PEM; nobody else may read it.'),
  passphrase: secretText({ default: '', description: 'What the private key is encrypted with.' }),
  servername: Type.String({
    default: '',
    description: 'Name that the certificate must carry; empty for the host that is connected to.',
  }),
  fingerprint: Type.String({
    default: '',
    pattern: '^$|^([0-9A-Fa-f]{2}:?){32}$',
    description: 'SHA-256 of the only certificate to accept, on top of all other checks.',
  }),
  insecure_skip_verify: Type.Boolean({
    default: false,
    description: 'Take any certificate; whoever sits in between reads and changes the alerts.',
  }),
})

export type TlsOptions = Static<typeof tlsOptions>

/** What `tls.connect` and everything built on it takes. */
export interface TlsConnection {
  readonly minVersion: 'TLSv1.2'
  readonly rejectUnauthorized: boolean
  readonly secureContext: SecureContext
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined
  readonly servername?: string
}

/** Days of warning before a certificate of ours ends. */
const warnDays = 14
const day = 86_400_000

/** TLS as configured: files are read at once, and again when they have changed. */
export class Tls {
  readonly #options: TlsOptions
  readonly #passphrase: Secret
  readonly #log: Log
  #version: string
  #context: SecureContext
  /** When the first of our own certificates ends; undefined without one. */
  #expires: Date | undefined

  /** Throws CONFIG_INVALID when a file cannot be read or used. */
  constructor(options: TlsOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#passphrase = new Secret(options.passphrase)
    if ((options.cert === '') !== (options.key === '')) {
      throw new SensorError('CONFIG_INVALID', '`tls.cert` and `tls.key` go together; give both')
    }
    this.#version = this.#fileVersions()
    this.#context = this.#read()
    if (options.insecure_skip_verify)
      log.warn('certificates are not verified: insecure_skip_verify')
  }

  get expires(): Date | undefined {
    return this.#expires
  }

  /** Why the connection is worth less than it looks. */
  get degraded(): string | undefined {
    if (this.#options.insecure_skip_verify) return 'certificates are not verified'
    const left =
      this.#expires === undefined ? Number.POSITIVE_INFINITY : +this.#expires - Date.now()
    if (left >= warnDays * day) return undefined
    return `our certificate ends at ${this.#expires?.toISOString()}`
  }

  /** For `tls.connect`; the same `secureContext` as long as no file changes. */
  connection(): TlsConnection {
    const { servername, insecure_skip_verify: insecure } = this.#options
    return {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: !insecure,
      secureContext: this.#fresh(),
      checkServerIdentity: (host, certificate) => this.#checkIdentity(host, certificate),
      ...(servername === '' ? {} : { servername }),
    }
  }

  /** Keys and certificates, read anew when a file has changed; the old ones when that fails. */
  #fresh(): SecureContext {
    const now = this.#fileVersions()
    if (now === this.#version) return this.#context
    try {
      this.#context = this.#read()
      this.#version = now
    } catch (err) {
      // A rotation writes two files, one after the other: the next connection looks again.
      this.#log.warn({ err }, 'cannot use the changed TLS files; the old ones stay')
    }
    return this.#context
  }

  #fileVersions(): string {
    const { ca, cert, key } = this.#options
    return [ca, cert, key].map(path => (path === '' ? '' : fileVersion(path))).join(' ')
  }

  #read(): SecureContext {
    const { ca, cert, key } = this.#options
    const parts = {
      ...(ca === '' ? {} : { ca: readPublic(ca) }),
      ...(cert === '' ? {} : { cert: readPublic(cert), key: readPrivate(key) }),
    }
    const passphrase = this.#passphrase.reveal()
    try {
      const context = createSecureContext({
        minVersion: 'TLSv1.2',
        ...parts,
        ...(passphrase === '' ? {} : { passphrase }),
      })
      this.#expires = parts.cert === undefined ? undefined : firstEnd(parts.cert)
      return context
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new SensorError('CONFIG_INVALID', `the files of \`tls\` cannot be used: ${why}`, {
        cause,
      })
    }
  }

  #checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
    const { fingerprint, servername } = this.#options
    const pin = fingerprint.replaceAll(':', '').toUpperCase()
    const found = certificate.fingerprint256.replaceAll(':', '').toUpperCase()
    if (pin !== '' && pin !== found) {
      const error = new Error(`the certificate is not the pinned one; its SHA-256 is ${found}`)
      return Object.assign(error, { code: wrongPin })
    }
    return checkServerIdentity(servername === '' ? host : servername, certificate)
  }
}

function readPublic(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SensorError('CONFIG_INVALID', `cannot read \`${path}\`: ${why}`, { cause })
  }
}

function firstEnd(pem: string): Date {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  const ends = blocks.map(block => Date.parse(new X509Certificate(block).validTo))
  return new Date(Math.min(...ends))
}
