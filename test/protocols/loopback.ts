import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Both sides of the last connection through a proxy. */
export interface Wire {
  readonly port: number
  client(): Buffer
  server(): Buffer
  [Symbol.asyncDispose](): Promise<void>
}

/** A TCP proxy on loopback that keeps what passes. */
export async function tap(target: number): Promise<Wire> {
  let sent: Buffer[] = []
  let received: Buffer[] = []
  const open = new Set<Socket>()
  const proxy = createServer(near => {
    sent = []
    received = []
    const far = connect(target, '127.0.0.1')
    near.on('data', chunk => sent.push(chunk)).on('error', () => far.destroy())
    far.on('data', chunk => received.push(chunk)).on('error', () => near.destroy())
    open.add(near).add(far)
    near.pipe(far)
    far.pipe(near)
  })
  const port = await listen(proxy)
  return {
    port,
    client: () => Buffer.concat(sent),
    server: () => Buffer.concat(received),
    [Symbol.asyncDispose]: () => {
      for (const socket of open) socket.destroy()
      return close(proxy)
    },
  }
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
  })
}

/** A key pair with its certificate, made by the openssl command. */
export interface Identity {
  readonly key: string
  readonly cert: string
  readonly keyFile: string
  readonly certFile: string
}

/** A folder that goes away with its owner. */
export function scratchFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'orthrus-tls-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** `newkey` as for `openssl req -newkey`, for example `rsa:2048` or `ec:prime256v1`. */
export function identity(folder: string, newkey: string, ...more: string[]): Identity {
  const name = newkey.replaceAll(/\W/g, '-') + more.length
  const keyFile = join(folder, `${name}.key`)
  const certFile = join(folder, `${name}.crt`)
  const [kind = '', parameter] = newkey.split(':')
  const curve = kind === 'ec' ? ['-pkeyopt', `ec_paramgen_curve:${parameter}`] : []
  const type = kind === 'ec' ? 'ec' : newkey
  openssl(
    'req',
    '-x509',
    '-newkey',
    type,
    ...curve,
    '-nodes',
    '-keyout',
    keyFile,
    '-out',
    certFile,
    ...(more.includes('-subj') ? [] : ['-subj', '/C=DE/O=Example, Inc./CN=server.example']),
    ...more,
  )
  return {
    keyFile,
    certFile,
    key: readFileSync(keyFile, 'utf8'),
    cert: readFileSync(certFile, 'utf8'),
  }
}

export function openssl(...args: string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** `openssl s_server`, ready to accept. */
export async function opensslServer(
  args: readonly string[],
): Promise<{ port: number } & AsyncDisposable> {
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...args])
  const port = await new Promise<number>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(text)
      if (found !== null) resolve(Number(found[1]))
    })
    child.on('close', () => reject(new Error(`openssl s_server ended: ${text}`)))
  })
  return { port, [Symbol.asyncDispose]: () => end(child) }
}

/** `openssl s_client` against a port; gives what it prints, `-brief` form. */
export async function opensslClient(port: number, args: readonly string[]): Promise<string> {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-brief', ...args])
  let text = ''
  let leaving = false
  const take = (chunk: Buffer) => {
    text += chunk.toString()
    if (leaving || !text.includes('CONNECTION ESTABLISHED')) return
    leaving = true
    // The rest of what it prints follows at once.
    setTimeout(() => child.stdin.end('Q\n'), 50)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  await new Promise(resolve => child.on('close', resolve))
  return text
}

/** Runs a program to its end, 40 s at most, whatever it says. */
export function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', timeout: 40_000, killSignal: 'SIGKILL' })
    child.on('error', reject)
    child.on('close', () => resolve())
  })
}

async function end(child: ChildProcess): Promise<void> {
  const closed = new Promise(resolve => child.on('close', resolve))
  child.kill()
  await closed
}
