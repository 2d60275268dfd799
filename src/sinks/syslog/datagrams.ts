import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { SinkError } from '../../outbox/sink-error.ts'
import { networkFailure } from '../network-error.ts'

/** How long a refusal by ICMP may take to be counted to the batch before it, in ms. */
const refusalTime = 10

/** Datagrams to one address. Sent is all that anybody knows, but a refused port is seen. */
export class Datagrams {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined
  #refused: Error | undefined
  #closed = false

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  get place(): string {
    return `${this.#host}:${this.#port}`
  }

  /** Throws a SinkError. */
  async open(): Promise<Socket> {
    if (this.#closed) throw new SinkError('transient', 'the sink is closed')
    if (this.#socket !== undefined) return this.#socket
    try {
      const { address, family } = await lookup(this.#host)
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
      // Connected, the kernel hands us what ICMP says of our datagrams.
      socket.connect(this.#port, address)
      await once(socket, 'connect')
      socket.on('error', error => {
        this.#refused = error
      })
      this.#socket = socket
      return socket
    } catch (error) {
      throw networkFailure(`cannot send to ${this.place}`, error)
    }
  }

  /** Throws a SinkError when one cannot be sent or is refused. */
  async send(datagrams: readonly Buffer[]): Promise<void> {
    const socket = await this.open()
    this.#refused = undefined
    try {
      for (const datagram of datagrams) await sent(socket, datagram)
      await sleep(refusalTime)
      // After a busy time the clock is asked before the sockets.
      await setImmediate()
      if (this.#refused !== undefined) throw this.#refused
    } catch (error) {
      this.#drop()
      throw networkFailure(`cannot send to ${this.place}`, error)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#drop()
  }

  #drop(): void {
    this.#socket?.close()
    this.#socket = undefined
  }
}

function sent(socket: Socket, datagram: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, error => (error ? reject(error) : resolve()))
  })
}
