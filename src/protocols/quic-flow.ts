import { type InitialKeys, InitialSecret, openInitial } from './quic-crypto.ts'
import { News, type QuicNews } from './quic-news.ts'
import { offeredVersions, type QuicPacket, readPacket } from './quic-packet.ts'
import { CryptoStream, readCrypto } from './quic-stream.ts'
import { isPlausibleVersion, QUIC } from './quic-versions.ts'
import { type Handshake, readHandshake } from './tls-handshake.ts'

/** Packets looked at in one datagram. */
const MAX_PACKETS = 8
/** Decryptions tried in a flow: a hello over twelve packets, repeated, and some to spare. */
const MAX_TRIES = 48
/** Connection ids (and versions) that a flow's keys are kept for. */
const MAX_SECRETS = 4

type Role = 'client' | 'server'

interface Known {
  readonly version: number
  readonly dcid: Buffer
  readonly secret: InitialSecret
}

/** State of one flow: keys, the two CRYPTO streams, and what was told already. */
export class QuicFlow {
  readonly #known: Known[] = []
  readonly #streams = { client: new CryptoStream(), server: new CryptoStream() }
  #told = { client: false, server: false, helloRetry: false, retry: false, negotiation: false }
  #retryId: Buffer | undefined
  /** The id that the server has chosen: the client goes on with it. */
  #serverId: Buffer | undefined
  #version = ''
  #tries = 0

  /** Bytes of memory that grow with the traffic. */
  get size(): number {
    return this.#streams.client.size + this.#streams.server.size
  }

  /** Takes a datagram; `fromResponder` is only a hint of who sent it. */
  take(bytes: Uint8Array, fromResponder: boolean): QuicNews | undefined {
    const news = new News()
    let at = 0
    for (let count = 0; count < MAX_PACKETS && at < bytes.length; count++) {
      const packet = readPacket(bytes, at)
      if (packet === undefined || !this.#expected(packet, bytes.length)) break
      this.#packet(bytes, packet, fromResponder, news)
      at = packet.end
    }
    return news.any ? news : undefined
  }

  /** A hello that never became whole, as far as it goes. */
  rest(): QuicNews | undefined {
    const { prefix } = this.#streams.client
    if (this.#told.client || prefix.length === 0) return undefined
    const { clientHello } = readHandshake(prefix, QUIC)
    if (clientHello === undefined) return undefined
    const news = new News()
    news.version = this.#version
    news.clientHello = clientHello
    return news
  }

  /** The first packet of a flow has to look like QUIC: a client's datagram has 1200 bytes. */
  #expected(packet: QuicPacket, length: number): boolean {
    if (this.#known.length > 0 || packet.version === 0) return true
    return isPlausibleVersion(packet.version) || length >= 1200
  }

  #packet(bytes: Uint8Array, packet: QuicPacket, fromResponder: boolean, news: News): void {
    if (packet.kind === 'retry') this.#retry(packet, bytes, news)
    else if (packet.kind === 'negotiation') this.#negotiation(packet, bytes, news)
    else if (packet.kind === 'initial') this.#initial(bytes, packet, fromResponder, news)
  }

  /** The client goes on with the Retry's source id as its destination, and new keys from it. */
  #retry(packet: QuicPacket, bytes: Uint8Array, news: News): void {
    // RFC 9000 17.2.5: behind the header a token and 16 bytes of integrity tag.
    if (bytes.length - packet.numberAt <= 16) return
    this.#retryId = Buffer.from(packet.scid)
    if (this.#told.retry) return
    this.#told.retry = true
    news.retry = true
    news.version = packet.protection.name
  }

  #negotiation(packet: QuicPacket, bytes: Uint8Array, news: News): void {
    if (this.#told.negotiation) return
    this.#told.negotiation = true
    news.offeredVersions = offeredVersions(bytes, packet)
    news.version ||= this.#version
  }

  #initial(bytes: Uint8Array, packet: QuicPacket, fromResponder: boolean, news: News): void {
    if (this.#told.client && this.#goesOn(packet)) return
    const order: Role[] = fromResponder ? ['server', 'client'] : ['client', 'server']
    for (const role of order) {
      const payload =
        role === 'client' ? this.#openClient(bytes, packet) : this.#openServer(bytes, packet)
      if (payload === undefined) continue
      this.#version = packet.protection.name
      if (readCrypto(payload, this.#streams[role])) this.#tell(role, news)
      return
    }
  }

  /** Nothing new can come from the client under an id that has told its hello, or that answers it. */
  #goesOn(packet: QuicPacket): boolean {
    return this.#serverId?.equals(packet.dcid) === true || this.#knownAs(packet) !== undefined
  }

  #tell(role: Role, news: News): void {
    if (this.#told[role]) return
    const { prefix } = this.#streams[role]
    if (!startsWhole(prefix)) return
    const handshake = readHandshake(prefix, QUIC)
    news.version = this.#version
    if (role === 'client') this.#tellClient(handshake, news)
    else this.#tellServer(handshake, news)
    if (this.#told[role]) this.#streams[role] = new CryptoStream()
  }

  #tellClient({ clientHello }: Handshake, news: News): void {
    news.clientHello = clientHello
    this.#told.client = clientHello !== undefined
  }

  #tellServer({ serverHello, helloRetry }: Handshake, news: News): void {
    if (!this.#told.helloRetry) news.helloRetry = helloRetry
    this.#told.helloRetry = helloRetry !== undefined
    if (serverHello === undefined || serverHello.cut) return
    news.serverHello = serverHello
    this.#told.server = true
  }

  #openClient(bytes: Uint8Array, packet: QuicPacket): Buffer | undefined {
    const known = this.#knownAs(packet)
    if (known !== undefined) return this.#open(bytes, packet, known.secret.client)
    return this.#openFirst(bytes, packet) ?? this.#openLater(bytes, packet)
  }

  #knownAs(packet: QuicPacket): Known | undefined {
    return this.#known.find(
      ({ version, dcid }) => version === packet.version && dcid.equals(packet.dcid),
    )
  }

  /** A client's first packet: the keys come from the id in it. */
  #openFirst(bytes: Uint8Array, packet: QuicPacket): Buffer | undefined {
    const { protection, version } = packet
    for (const salt of protection.salts) {
      if (this.#tries >= MAX_TRIES) return undefined
      const secret = new InitialSecret(salt, packet.dcid, protection.label)
      const payload = this.#open(bytes, packet, secret.client)
      if (payload === undefined) continue
      const dcid = Buffer.from(packet.dcid)
      if (this.#retryId === undefined || !dcid.equals(this.#retryId)) this.#startAnew()
      this.#remember({ version, dcid, secret })
      return payload
    }
    return undefined
  }

  /** Once the server has answered, the client writes the server's id but keeps its keys. */
  #openLater(bytes: Uint8Array, packet: QuicPacket): Buffer | undefined {
    if (this.#told.client) return undefined
    return this.#openWith(bytes, packet, secret => secret.client)
  }

  #openServer(bytes: Uint8Array, packet: QuicPacket): Buffer | undefined {
    if (this.#told.server || this.#known.length === 0) return undefined
    this.#followVersion(packet)
    const payload = this.#openWith(bytes, packet, secret => secret.server)
    if (payload !== undefined && packet.scid.length > 0) this.#serverId = Buffer.from(packet.scid)
    return payload
  }

  #openWith(
    bytes: Uint8Array,
    packet: QuicPacket,
    side: (secret: InitialSecret) => InitialKeys,
  ): Buffer | undefined {
    for (const { version, secret } of this.#known) {
      if (version !== packet.version) continue
      const payload = this.#open(bytes, packet, side(secret))
      if (payload !== undefined) return payload
    }
    return undefined
  }

  /** RFC 9368: a server may answer in another version, with keys from the same connection id. */
  #followVersion({ version, protection }: QuicPacket): void {
    const [first] = this.#known
    const [salt] = protection.salts
    if (first === undefined || salt === undefined) return
    if (this.#known.some(known => known.version === version)) return
    const secret = new InitialSecret(salt, first.dcid, protection.label)
    this.#remember({ version, dcid: first.dcid, secret })
  }

  #open(bytes: Uint8Array, packet: QuicPacket, keys: InitialKeys): Buffer | undefined {
    if (this.#tries >= MAX_TRIES) return undefined
    this.#tries++
    return openInitial(bytes, packet, keys)
  }

  #remember(known: Known): void {
    if (this.#known.length === MAX_SECRETS) this.#known.shift()
    this.#known.push(known)
  }

  /** A new connection (also after Version Negotiation): its streams start at 0 again. */
  #startAnew(): void {
    this.#known.length = 0
    this.#streams.client = new CryptoStream()
    this.#streams.server = new CryptoStream()
    this.#serverId = undefined
    this.#told = { ...this.#told, client: false, server: false, helloRetry: false }
  }
}

/** Whether the first handshake message is there to its last byte. */
function startsWhole(prefix: Buffer): boolean {
  return prefix.length >= 4 && 4 + prefix.readUIntBE(1, 3) <= prefix.length
}
