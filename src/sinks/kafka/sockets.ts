import { isIP, connect as openTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as openTls } from 'node:tls'

const keepAliveMs = 60_000

/** What KafkaJS asks for when it wants to talk to a broker. */
export interface Wanted {
  readonly host: string
  readonly port: number
  /** None, or whatever is false, without TLS. */
  readonly ssl: ConnectionOptions | false | null | undefined
  readonly onConnect: () => void
}

/**
 * The sockets of one client. KafkaJS's `disconnect` leaves behind those that were being opened or
 * were given up at that moment, and a pending `send` with them: it could arrive much later.
 */
export class ClientSockets {
  readonly #open = new Set<Socket>()
  #closed = false

  /** As KafkaJS itself would open it. */
  readonly factory = ({ host, port, ssl, onConnect }: Wanted): Socket => {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl
      ? openTls({ host, port, ...name, ...ssl }, onConnect)
      : openTcp({ host, port }, onConnect)
    socket.setKeepAlive(true, keepAliveMs)
    this.#open.add(socket)
    socket.on('close', () => this.#open.delete(socket))
    if (this.#closed) socket.destroy()
    return socket
  }

  /** Ends all of them, and what the client may still open. */
  destroy(): void {
    this.#closed = true
    for (const socket of this.#open) socket.destroy()
  }
}
