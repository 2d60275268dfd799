import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../commands/orthrus.ts'
import { temporaryDirectory } from '../../storage/open.ts'
import { type Pair } from './certificates.ts'
import { freePort, hasProgram, linesOf, startProgram, until } from './process.ts'

/** A message as a receiver understood it. */
export interface Understood {
  readonly pri: string
  readonly time: string
  readonly host: string
  readonly app: string
  readonly msgid: string
  readonly id: string
  readonly rule: string
  readonly msg: string
}

export interface Wanted {
  readonly transport: 'tcp' | 'udp' | 'tls'
  readonly tls?: Pair & { readonly ca: string; readonly mutual: boolean }
  readonly maxSize?: number
  /** Runs it in another network namespace. */
  readonly inside?: <T>(work: () => T) => T
}

export interface SyslogReceiver {
  readonly port: number
  readonly messages: () => Understood[]
  /** The file that it writes them to, a line of JSON each. */
  readonly out: string
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Starts it again after a kill, on the same port, with the same file. */
  restart(): Promise<void>
}

const unpacked = join(root, 'build/peers/syslog-ng')
const hasSyslogNg = existsSync(join(unpacked, 'usr/sbin/syslog-ng'))
if (!hasSyslogNg) {
  process.stderr.write('\n*** syslog-ng is not unpacked (`make test` does it): SKIPPED ***\n\n')
}

export const receivers: { name: string; start: (wanted: Wanted) => Promise<SyslogReceiver> }[] = [
  ...(hasProgram('rsyslogd') ? [{ name: 'rsyslog', start: startRsyslog }] : []),
  ...(hasSyslogNg ? [{ name: 'syslog-ng', start: startSyslogNg }] : []),
]

type Start = () => {
  readonly pid: number
  readonly kill: (signal: NodeJS.Signals) => void
  readonly said: () => string
}

async function receiver(
  port: number,
  udp: boolean,
  out: string,
  start: Start,
  inside: NonNullable<Wanted['inside']> = work => work(),
): Promise<SyslogReceiver> {
  let program = inside(start)
  const listens = () => inside(() => isListening(port, udp))
  const ready = () => until(listens, () => program.said())
  await ready()
  return {
    port,
    out,
    messages: () => linesOf(out).map(line => JSON.parse(line) as Understood),
    get pid() {
      return program.pid
    },
    kill: signal => program.kill(signal),
    async restart() {
      await until(
        () => !listens(),
        () => 'it still listens',
      )
      program = inside(start)
      await ready()
    },
  }
}

/** Whether somebody in this network namespace has the port of 127.0.0.1 or of all addresses. */
function isListening(port: number, udp: boolean): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const state = udp ? '07' : '0A'
  const entry = new RegExp(`^ *\\d+: [0-9A-F]{8}:${hex} [0-9A-F]{8}:[0-9A-F]{4} ${state} `)
  return linesOf(`/proc/thread-self/net/${udp ? 'udp' : 'tcp'}`).some(line => entry.test(line))
}

async function startRsyslog({
  transport,
  tls,
  maxSize = 65_536,
  inside,
}: Wanted): Promise<SyslogReceiver> {
  const folder = temporaryDirectory()
  const port = await freePort()
  const [conf, out, pid] = ['conf', 'out', 'pid'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const driver =
    tls === undefined
      ? ''
      : `StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="${tls.mutual ? 'x509/certvalid' : 'anon'}"`
  const files =
    tls === undefined
      ? ''
      : `defaultNetstreamDriverCAFile="${tls.ca}" defaultNetstreamDriverCertFile="${tls.cert}" defaultNetstreamDriverKeyFile="${tls.key}"`
  const input = transport === 'udp' ? 'imudp' : 'imtcp'
  const address = transport === 'udp' ? 'address="127.0.0.1" ' : ''
  const field = (name: string, property: string, more = '') =>
    `property(outname="${name}" name="${property}" format="jsonf"${more})`
  writeFileSync(
    conf,
    `global(workDirectory="${folder}" maxMessageSize="${maxSize}" ${files})
module(load="${input}" ${transport === 'udp' ? '' : driver})
module(load="mmpstrucdata")
template(name="out" type="list" option.jsonf="on") {
  ${field('pri', 'pri')} ${field('time', 'timereported', ' dateFormat="rfc3339"')}
  ${field('host', 'hostname')} ${field('app', 'app-name')} ${field('msgid', 'msgid')}
  ${field('id', '$!rfc5424-sd!alert@32473!id')} ${field('rule', '$!rfc5424-sd!alert@32473!rule')}
  ${field('msg', 'msg')}
}
ruleset(name="all") {
  action(type="mmpstrucdata")
  action(type="omfile" file="${out}" template="out" asyncWriting="off" flushOnTXEnd="on")
}
input(type="${input}" ${address}port="${port}" ruleset="all")
`,
  )
  const start = () => {
    rmSync(pid, { force: true })
    const child = startProgram('rsyslogd', ['-n', '-f', conf, '-i', pid])
    return {
      pid: child.pid ?? 0,
      kill: (signal: NodeJS.Signals) => void child.kill(signal),
      said: child.said,
    }
  }
  return receiver(port, transport === 'udp', out, start, inside)
}

async function startSyslogNg({
  transport,
  tls,
  maxSize = 65_536,
}: Wanted): Promise<SyslogReceiver> {
  const folder = temporaryDirectory()
  const port = await freePort()
  const [conf, out] = [join(folder, 'conf'), join(folder, 'out')]
  const secure =
    tls === undefined
      ? ''
      : `tls(key-file("${tls.key}") cert-file("${tls.cert}") ca-file("${tls.ca}") peer-verify(${tls.mutual ? 'required-trusted' : 'optional-untrusted'}))`
  writeFileSync(
    conf,
    `@version: 3.35
options { log-msg-size(${maxSize}); keep-hostname(yes); use-dns(no); stats-freq(0); };
source s { syslog(ip("127.0.0.1") port(${port}) transport("${transport}") ${secure}); };
destination d { file("${out}" template("$(format-json pri=\\"$PRI\\" time=\\"$S_ISODATE\\" host=\\"$HOST\\" app=\\"$PROGRAM\\" msgid=\\"$MSGID\\" id=\\"\${.SDATA.alert@32473.id}\\" rule=\\"\${.SDATA.alert@32473.rule}\\" msg=\\"$MSG\\")\\n")); };
log { source(s); destination(d); };
`,
  )
  const lib = join(unpacked, 'usr/lib')
  const libraries = [
    lib,
    join(lib, 'x86_64-linux-gnu'),
    join(unpacked, 'lib/x86_64-linux-gnu'),
    join(lib, 'syslog-ng'),
  ]
  const files = [
    '-R',
    join(folder, 'persist'),
    '-p',
    join(folder, 'pid'),
    '-c',
    join(folder, 'ctl'),
  ]
  return receiver(port, transport === 'udp', out, () => {
    const modules = `--module-path=${join(lib, 'syslog-ng/3.38')}`
    const args = ['-F', modules, '--no-caps', '-f', conf, ...files]
    const env = { LD_LIBRARY_PATH: libraries.join(':') }
    const child = startProgram(join(unpacked, 'usr/sbin/syslog-ng'), args, env)
    return { pid: child.pid ?? 0, kill: signal => void child.kill(signal), said: child.said }
  })
}
