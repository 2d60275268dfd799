import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pair {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
}

export interface Authority extends Pair {
  /** A certificate of this authority for these names, such as `DNS:localhost`; its key is in the clear without a passphrase. */
  issue(name: string, names: string, days?: number, passphrase?: string): Pair
}

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })

/** A certificate authority made by openssl, in a folder of its own. */
export function authority(name = 'test authority'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-ca-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')]
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...ec,
    '-subj',
    `/CN=${name}`,
    '-days',
    '30',
    '-keyout',
    key,
    '-out',
    cert,
  )
  return {
    cert,
    key,
    issue(subject, names, days = 30, passphrase = '') {
      const base = join(folder, subject)
      const [request, leaf, leafKey] = [`${base}.csr`, `${base}.pem`, `${base}.key`]
      openssl('req', ...ec, '-subj', `/CN=${subject}`, '-keyout', leafKey, '-out', request)
      writeFileSync(`${base}.ext`, `subjectAltName=${names}\n`)
      const signing = ['-CA', cert, '-CAkey', key, '-CAcreateserial', '-extfile', `${base}.ext`]
      openssl('x509', '-req', '-in', request, ...signing, '-days', `${days}`, '-out', leaf)
      if (passphrase !== '') {
        const words = ['-in', leafKey, '-aes256', '-passout', `pass:${passphrase}`]
        openssl('ec', ...words, '-out', leafKey)
      }
      chmodSync(leafKey, 0o600)
      return { cert: leaf, key: leafKey }
    },
  }
}

export const localNames = 'DNS:localhost,IP:127.0.0.1'

/** What `tls.createServer` takes of a pair. */
export function pem({ cert, key }: Pair): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

/** A server of this machine and a client of one authority; `both`: a server that wants the client's. */
export function bothSides() {
  const ca = authority()
  const server = ca.issue('server', localNames)
  const client = ca.issue('client', 'DNS:client')
  const asked = { requestCert: true, rejectUnauthorized: true }
  return { ca, server, client, both: { ...pem(server), ca: readFileSync(ca.cert), ...asked } }
}
