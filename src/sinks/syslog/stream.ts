import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SinkError } from '../../outbox/sink-error.ts'
import { networkFailure } from '../network-error.ts'
import { type Tls } from '../tls.ts'
import { farewell, type Parting } from './farewell.ts'

export interface StreamOptions {
  readonly host: string
  readonly port: number
  readonly tls: Tls | undefined
  /** The connection broke while nothing was being written. */
  readonly onLost: () => void
}

/** ms for a connection, TLS included; for a write that does not go on. */
const limits = { connect: 10_000, stall: 10_000 } as const
const keepAlive = 10_000

/**
 * A connection that only we write to. Nothing is acknowledged: written means that the kernel has it.
 * Any end of the connection that is not ours loses what the receiver had not read.
 */
export class Stream {
  readonly #options: StreamOptions
  #socket: Socket | undefined
  /** Stands by for when `#socket` has been ended. */
  #next: Socket | undefined
  #opening: Promise<void> | undefined
  #broken: Error | undefined
  #writing = false
  #closed = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  get place(): string {
    return `${this.#options.host}:${this.#options.port}`
  }

  /** Connects where there is no connection. Throws a SinkError. */
  async open(): Promise<void> {
    if (this.#closed) throw new SinkError('transient', 'the sink is closed')
    if (this.isOpen) return
    this.#socket?.destroy()
    this.#socket = undefined
    this.#socket = await this.#connect()
    this.#broken = undefined
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && !isOver(this.#socket)
  }

  /** Whether a second connection stands by for when this one is ended. */
  get isPrepared(): boolean {
    return this.#next !== undefined && !isOver(this.#next)
  }

  /** Has one stand by, if that can be had; never rejects. */
  async prepare(): Promise<void> {
    if (this.isPrepared || this.#closed) return
    this.#opening ??= this.#standBy()
    await this.#opening
  }

  /** Resolves when the kernel has all of it. Throws a SinkError; then nothing of it counts. */
  async write(bytes: Buffer): Promise<void> {
    this.#writing = true
    try {
      await this.open()
      const { socket } = this.#current()
      await written(socket, bytes)
      const { broken } = this.#current()
      if (broken !== undefined) throw broken
    } catch (error) {
      this.#socket?.destroy()
      this.#socket = undefined
      throw networkFailure(`lost the connection to ${this.place}`, error)
    } finally {
      this.#writing = false
    }
  }

  /** Ends the connection in order and goes on with the one that stands by, if any. */
  async part(): Promise<Parting> {
    const socket = this.#socket
    this.#socket = this.isPrepared ? this.#next : undefined
    this.#next = undefined
    const isLost = this.#broken !== undefined
    this.#broken = undefined
    if (socket === undefined || isOver(socket) || isLost) return 'lost'
    return farewell(socket)
  }

  /** Parts for good. Resolves when the far side has everything; throws when nobody knows. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#next?.destroy()
    this.#next = undefined
    if (this.#socket === undefined || isOver(this.#socket)) return
    const parting = await this.part()
    if (parting === 'taken') return
    throw new SinkError('transient', `${this.place} did not end the connection in order`)
  }

  async #standBy(): Promise<void> {
    // Why not, the next write is told.
    this.#next = await this.#connect().catch(() => undefined)
    this.#opening = undefined
  }

  #current(): { readonly socket: Socket; readonly broken: Error | undefined } {
    if (this.#socket === undefined) throw new Error('no connection')
    return { socket: this.#socket, broken: this.#broken }
  }

  async #connect(): Promise<Socket> {
    const socket = await this.#connected()
    this.#watch(socket)
    if (!this.#closed) return socket
    socket.destroy()
    throw new SinkError('transient', 'the sink is closed')
  }

  #connected(): Promise<Socket> {
    const { host, port, tls } = this.#options
    // An address is no name for SNI (RFC 6066 3).
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ ...servername, ...tls.connection(), host, port })
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        clearTimeout(timer)
        socket.destroy()
        reject(networkFailure(`cannot connect to ${this.place}`, error))
      }
      const timer = setTimeout(() => fail(new Error('timed out')), limits.connect)
      socket.once('error', fail)
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer)
        socket.off('error', fail)
        resolve(socket)
      })
    })
  }

  #watch(socket: Socket): void {
    socket.setKeepAlive(true, keepAlive)
    socket.setNoDelay(true)
    // Nobody answers, but the end of a connection is only seen by who reads.
    socket.resume()
    const lost = (error: Error) => {
      if (this.#socket !== socket || this.#broken !== undefined) return
      this.#broken = error
      socket.destroy()
      if (!this.#writing) this.#options.onLost()
    }
    socket.on('error', lost)
    socket.on('end', () => lost(new Error('the far side ended it')))
    socket.on('close', () => lost(new Error('it was closed')))
  }
}

function isOver(socket: Socket): boolean {
  return socket.destroyed || socket.readableEnded || !socket.writable
}

/** Rejects when the write does not get on for `limits.stall`, or the connection ends under it. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let before = socket.bytesWritten
    const timer = setInterval(() => {
      const now = socket.bytesWritten - socket.writableLength
      if (now === before) finish(new Error(`took nothing for ${limits.stall / 1000} s`))
      before = now
    }, limits.stall)
    const ended = () => finish(new Error('it was closed'))
    const finish = (error?: Error | null) => {
      clearInterval(timer)
      socket.off('close', ended)
      if (error instanceof Error) reject(error)
      else resolve()
    }
    socket.once('close', ended)
    socket.write(bytes, finish)
  })
}
