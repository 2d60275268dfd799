import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Identity, openssl } from '../../protocols/loopback.ts'
import { type Fingerprint, fingerprint } from './fingerprint.ts'
import { type Lab } from './lab.ts'

const execute = promisify(execFile)
const address = '192.0.2.1'

export const serverName = 'server.example'
/** What 1.0 and 1.1 need of an OpenSSL of today. */
export const ANY = 'DEFAULT@SECLEVEL=0'

/** What an end says of the connection that it has made. */
export interface Report {
  /** `TLSv1.2` … */
  readonly protocol: string
  /** The IANA name. */
  readonly cipher: string
  readonly alpn: string | undefined
  /** The certificate that it was shown. */
  readonly certificate: X509Certificate
}

/** `openssl s_server`, in the sensor's namespace, that answers a GET with a page about itself. */
export class OpensslServer {
  readonly port: number
  readonly #child: ChildProcess
  readonly #said: () => string

  private constructor(child: ChildProcess, port: number, said: () => string) {
    this.#child = child
    this.port = port
    this.#said = said
  }

  static async open(lab: Lab, { keyFile, certFile }: Identity): Promise<OpensslServer> {
    const pair = ['-key', keyFile, '-cert', certFile, '-key2', keyFile, '-cert2', certFile]
    // It tells the name it was asked for when it has one of its own; with another name it goes on.
    const more = [
      '-servername',
      'other.example',
      '-alpn',
      'http/1.1',
      '-cipher',
      ANY,
      '-msg',
      '-www',
    ]
    const child = inside(lab.home.name, [
      'openssl',
      's_server',
      '-accept',
      `${address}:0`,
      ...pair,
      ...more,
    ])
    let text = ''
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        const found = /ACCEPT 192\.0\.2\.1:(\d+)/.exec(text)
        if (found !== null) resolve(Number(found[1]))
      })
      child.on('close', () => reject(new Error(`openssl s_server ended: ${text}`)))
    })
    return new OpensslServer(child, port, () => text)
  }

  /** The names that its clients asked for, as it understood them. */
  get hostnames(): string[] {
    return [...this.#said().matchAll(/Hostname in TLS extension: "(.*)"/g)].map(
      ([, name = '']) => name,
    )
  }

  /** The ClientHellos that it got, with their size in bytes. */
  get hellos(): (Fingerprint & { readonly size: number })[] {
    const shown = /<<< TLS[^\n]*Handshake[^\n]*ClientHello\n((?: {4}[0-9a-f ]+\n)+)/g
    return [...this.#said().matchAll(shown)].map(([, dump = '']) => {
      const bytes = Buffer.from(dump.replaceAll(/\s/g, ''), 'hex')
      return { ...fingerprint(bytes), size: bytes.length }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill()
    await closed
  }
}

/** `openssl s_client` in the peer's namespace; `flag` is one of `-tls1` … `-tls1_3`. */
export async function opensslPeer(lab: Lab, port: number, flag: string): Promise<Report> {
  const options = [
    flag,
    '-cipher',
    ANY,
    '-servername',
    serverName,
    '-alpn',
    'h2,http/1.1',
    '-ign_eof',
  ]
  const child = inside(lab.peer.name, [
    'openssl',
    's_client',
    '-connect',
    `${address}:${port}`,
    ...options,
  ])
  child.stdin?.end('GET / HTTP/1.0\r\n\r\n')
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await once(child, 'close')
  const own = /^New, .*, Cipher is (\S+)/m.exec(text)?.[1] ?? ''
  return {
    protocol: /^\s+Protocol\s*: (\S+)/m.exec(text)?.[1] ?? /^New, ([^,]+)/m.exec(text)?.[1] ?? '',
    cipher: standardName(own),
    alpn: /^ALPN protocol: (\S+)/m.exec(text)?.[1],
    certificate: new X509Certificate(text),
  }
}

/** Runs in a Node of its own: a GET over HTTPS, then what the socket says of itself. */
const request = `
const { get } = require('node:https')
const [port, version, servername, ciphers] = process.argv.slice(1)
const bounds = { minVersion: version, maxVersion: version, ciphers, ALPNProtocols: ['http/1.1'] }
const options = { host: '${address}', port, servername, rejectUnauthorized: false, agent: false }
get({ ...options, ...bounds }, answer => {
  const { socket } = answer
  const certificate = socket.getPeerX509Certificate().toString()
  const said = { protocol: socket.getProtocol(), cipher: socket.getCipher().standardName }
  answer.resume().on('end', () => {
    console.log(JSON.stringify({ ...said, alpn: socket.alpnProtocol || undefined, certificate }))
  })
})`

/** Node's https in the peer's namespace; `version` as in `tls.DEFAULT_MIN_VERSION`. */
export async function nodePeer(lab: Lab, port: number, version: string): Promise<Report> {
  const text = await scriptFromPeer(lab, request, [`${port}`, version, serverName, ANY])
  const said = JSON.parse(text) as Report & { readonly certificate: string }
  return { ...said, certificate: new X509Certificate(said.certificate) }
}

/** What Chromium writes into its log of a TLS connection that it has made. */
export interface BrowserReport {
  readonly version: string
  /** Its number at IANA. */
  readonly cipher_suite: number
}

/** Loads a page in the peer's namespace, headless; `folder` is for its profile and log. */
export async function browse(
  chromium: string,
  lab: Lab,
  port: number,
  folder: string,
): Promise<BrowserReport> {
  const log = join(folder, 'net.json')
  const options = [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'],
    ...[`--user-data-dir=${join(folder, 'profile')}`, `--host-resolver-rules=MAP * ${address}`],
    ...[`--log-net-log=${log}`, '--dump-dom', `https://${serverName}:${port}/`],
  ]
  const command = ['netns', 'exec', lab.peer.name, chromium, ...options]
  const { stdout } = await execute('ip', command, { timeout: 100_000 })
  if (!stdout.includes('Ciphers supported')) throw new Error(`no page of the server: ${stdout}`)
  const said = /\{"cipher_suite":[^}]*\}/.exec(readFileSync(log, 'utf8'))?.[0]
  return JSON.parse(said ?? '') as BrowserReport
}

/** What a script of Node's prints in the peer's namespace. */
export async function scriptFromPeer(
  lab: Lab,
  script: string,
  args: readonly string[] = [],
): Promise<string> {
  const command = ['netns', 'exec', lab.peer.name, process.execPath, '-e', script, ...args]
  return (await execute('ip', command)).stdout
}

function inside(namespace: string, words: readonly string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: ['pipe', 'pipe', 'ignore'] })
}

/** The IANA name of what OpenSSL calls otherwise. */
function standardName(own: string): string {
  const list = openssl('ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0').toString()
  const line = list.split('\n').find(one => one.split(/\s+- /)[2]?.startsWith(`${own} `))
  return line?.split(/\s+- /)[1] ?? ''
}
