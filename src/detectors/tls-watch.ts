import { milliseconds } from '../config/duration.ts'
import { type Packet } from '../decode/packet.ts'
import { hostName } from '../enrich/host-name.ts'
import { type QuicEvent } from '../protocols/quic-events.ts'
import { type TlsEvent } from '../protocols/tls-events.ts'
import { type ClientHello } from '../protocols/tls-hello.ts'
import { type Certificate, CertificateCache } from '../protocols/x509.ts'
import { type DetectorContext } from './detector.ts'
import { Habits } from './habit.ts'
import { directionOf, sourceKey } from './source.ts'
import { type TlsAnomalyOptions } from './tls-anomaly.ts'
import { TlsClients } from './tls-clients.ts'
import {
  certificateReasons,
  nameReasons,
  signerOf,
  type TlsReason,
  together,
} from './tls-reasons.ts'
import {
  isRetired,
  type TlsChange,
  TlsServers,
  type TlsVersion,
  tlsVersion,
} from './tls-servers.ts'

/** A handshake as far as it was seen. */
interface Handshake {
  readonly trigger: TlsEvent | QuicEvent
  readonly hello: ClientHello | undefined
  /** Agreed upon; undefined when not seen. */
  readonly version: TlsVersion | undefined
  /** The number on the wire of that; a client that offered a newer one as well was lowered. */
  readonly chosen: number | undefined
  readonly certificate: Certificate | undefined
}

/** Looks at handshakes, each once: TLS with what the server said, QUIC with what the client said. */
export class TlsWatch {
  readonly #options: TlsAnomalyOptions
  readonly #context: DetectorContext
  readonly #ports: ReadonlySet<number>
  readonly #habits: Habits
  readonly #clients: TlsClients
  readonly #servers: TlsServers
  readonly #certificates = new CertificateCache(512)
  #started = false

  constructor(options: TlsAnomalyOptions, context: DetectorContext) {
    const { baselines } = context
    this.#options = options
    this.#context = context
    this.#ports = new Set(options.ports)
    const learning = context.learning(milliseconds(options.learning) * 1000)
    this.#habits = new Habits(baselines, { name: 'tls-anomaly', learning })
    const known = context.learning(milliseconds(options.client_learning) * 1000)
    this.#clients = new TlsClients(baselines, known)
    this.#servers = new TlsServers(baselines)
  }

  get counts() {
    const clients = this.#clients.counts
    const servers = this.#servers.counts
    return {
      clients: clients.size,
      servers: servers.size,
      evicted: clients.evicted + servers.evicted,
      refused: clients.refused + servers.refused,
    }
  }

  tls(event: TlsEvent): void {
    if (event.action !== 'tls-server-hello') return
    const { client, server } = event
    // What was broken off was not agreed upon.
    if (server?.alert?.level === 2 || client?.alert?.level === 2) return
    const chosen = server?.serverHello?.version
    const der = server?.certificates[0]
    this.#judge({
      trigger: event,
      hello: client?.hello,
      version: chosen === undefined ? undefined : tlsVersion(chosen),
      chosen,
      certificate: der && this.#certificates.get(der),
    })
  }

  quic(event: QuicEvent): void {
    if (event.action !== 'quic-client-hello') return
    const hello = event.facts.clientHello
    const unseen = { version: undefined, chosen: undefined, certificate: undefined }
    this.#judge({ trigger: event, hello, ...unseen })
  }

  #judge(handshake: Handshake): void {
    const { packet } = handshake.trigger
    if (!this.#started) {
      this.#started = true
      this.#habits.started(packet.time)
    }
    const direction = directionOf(this.#context.home(), packet)
    if (direction !== 'outbound' && direction !== 'internal') return
    const server = this.#serverOf(handshake, packet)
    const key = sourceKey(this.#context.devices, packet)
    this.#compare(handshake, server, key)
    if (direction === 'outbound') this.#weigh(handshake, server, key)
  }

  /** By which name long memory knows the server. */
  #serverOf({ hello }: Handshake, packet: Packet): string {
    const name = hostName(hello?.serverName) ?? this.#context.resolvedName(packet, packet.time)
    return name ?? `${packet.destinationIp}:${packet.destinationPort}`
  }

  /** With what the server was before. */
  #compare(
    { trigger, hello, version, chosen = 0, certificate }: Handshake,
    server: string,
    key: string,
  ): void {
    const { time } = trigger.packet
    const lowered = version && this.#servers.version(server, version, time)
    const changes = [
      certificate && this.#servers.signer(server, signerOf(certificate), time),
      // Who offers an old version only gets it from whomever: against others, that is no change.
      (version && this.#servers.version(server, version, time, key)) ??
        (lowered !== undefined && (hello?.highestVersion ?? 0) > chosen ? lowered : undefined),
    ]
    for (const change of changes) if (change) this.#tellChange(trigger, server, change)
  }

  #tellChange(trigger: TlsEvent | QuicEvent, server: string, change: TlsChange): void {
    const { sourceIp = '' } = trigger.packet
    const { before, now, others } = change
    const isSigner = change.change === 'signer'
    const score = isSigner ? signerScore(change) : versionScore(now)
    const text = isSigner
      ? `${server} is certified by ${now}, before by ${before.join(', ')}`
      : `${server} speaks TLS ${now}, before ${before.join(', ')}`
    this.#context.signal({
      name: 'tls-changed',
      score,
      entity: sourceIp,
      identity: [server, change.change, now],
      message: text,
      evidence: { change: change.change, server, before, now, others },
      trigger,
    })
  }

  /** What is odd about it by itself. */
  #weigh(handshake: Handshake, server: string, key: string): void {
    const { trigger, hello, certificate } = handshake
    const { packet } = trigger
    const reasons = this.#reasons(handshake, key)
    const score = Math.round(together(reasons) * 100) / 100
    if (score < this.#options.score) return
    const { sourceIp = '', destinationPort, time } = packet
    const destination = server.includes(':') ? server : `${server}:${destinationPort}`
    const { habit, others } = this.#habits.ask(key, `${destination} ${reasons.join(' ')}`, time)
    if (habit === 'old') return
    this.#context.signal({
      name: 'tls-anomaly',
      score,
      entity: sourceIp,
      identity: [destination, ...reasons],
      message: `${sourceIp} made an odd TLS connection to ${destination}: ${reasons.join(', ')}`,
      evidence: {
        reasons,
        destination,
        subject: certificate?.subject.text,
        issuer: certificate?.issuer.text,
        resolved: this.#context.resolvedName(packet, time),
        ja4: hello?.ja4,
        habit,
        others,
      },
      trigger,
    })
  }

  #reasons({ trigger, hello, version, certificate }: Handshake, key: string): TlsReason[] {
    const { packet } = trigger
    const name = hello?.serverName?.toLowerCase()
    const resolved = this.#context.resolvedName(packet, packet.time)
    return [
      ...(certificate ? certificateReasons(certificate, name ?? resolved, packet.time) : []),
      ...(hello ? nameReasons(name, resolved, hello.ech) : []),
      ...(this.#ports.has(packet.destinationPort) ? [] : (['odd-port'] as const)),
      ...(version !== undefined && isRetired(version) ? (['old-version'] as const) : []),
      ...this.#clients.reasons(key, hello, packet.time),
    ]
  }
}

/** Sites go from one large authority to another; who signs for nobody else is none. */
function signerScore({ now, others }: TlsChange): number {
  if (now === 'itself') return 0.8
  if (others >= 3) return 0.2
  return others === 0 ? 0.8 : 0.5
}

function versionScore(now: string): number {
  return now === '1.2' ? 0.2 : 0.7
}
