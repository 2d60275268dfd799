import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openssl } from '../../protocols/loopback.ts'

export interface Pair {
  readonly keyFile: string
  readonly certFile: string
}

/** A certificate that signs itself, of an RSA key, for a year to come; made now. */
export function selfSigned(folder: string, name: string): Pair {
  const pair = { keyFile: join(folder, 'self.key'), certFile: join(folder, 'self.crt') }
  const files = ['-keyout', pair.keyFile, '-out', pair.certFile]
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '365', ...files, ...names)
  return pair
}

/** An authority with `openssl ca`, that signs for any time. */
export class Authority {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = join(folder, 'authority')
    mkdirSync(this.#folder)
    writeFileSync(this.#path('index.txt'), '')
    const files = ['-keyout', this.#path('ca.key'), '-out', this.#path('ca.crt')]
    const subject = ['-subj', '/O=Example Trust/CN=Example Root', '-days', '3650']
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject)
  }

  /** A pair for a name, valid between two days such as `20260101`. */
  sign(name: string, from: string, until: string): Pair {
    const pair = { keyFile: this.#path(`${name}.key`), certFile: this.#path(`${name}.crt`) }
    const request = this.#path(`${name}.csr`)
    const files = ['-keyout', pair.keyFile, '-out', request, '-subj', `/CN=${name}`]
    openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', ...files)
    const config = this.#path('ca.conf')
    writeFileSync(config, this.#config(name))
    const dates = ['-startdate', `${from}000000Z`, '-enddate', `${until}000000Z`]
    const into = ['-config', config, '-in', request, '-out', pair.certFile]
    openssl('ca', '-batch', '-notext', ...into, ...dates)
    return pair
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #config(name: string): string {
    return `[ca]
default_ca = it
[it]
database = ${this.#path('index.txt')}
new_certs_dir = ${this.#folder}
certificate = ${this.#path('ca.crt')}
private_key = ${this.#path('ca.key')}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:${name}
`
  }
}
