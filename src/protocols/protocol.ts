import { type MessageEvent } from '../decode/message.ts'
import { type Conversation } from '../decode/reassembly.ts'
import { type DhcpEvent } from './dhcp-events.ts'
import { type DnsEvent } from './dns-events.ts'
import { type HttpEvent } from './http-events.ts'
import { type QuicEvent } from './quic-events.ts'
import { type SshEvent } from './ssh-events.ts'
import { type TlsEvent } from './tls-events.ts'

/** What the messages of a protocol become, told apart by `kind`. */
export type ProtocolEvent = DnsEvent | TlsEvent | QuicEvent | HttpEvent | DhcpEvent | SshEvent

export type Emit = (event: ProtocolEvent) => void

/** What a protocol does with its messages; it has the handlers for the transports that it knows. */
export interface ProtocolHandlers {
  /** A message in a datagram of its own. */
  datagram?(message: MessageEvent, emit: Emit): void
  /**
   * A side of a TCP conversation has more bytes in order; `message` is the piece that brought them,
   * `began` when they begin a message. Returns true when nothing more is wanted of either side.
   */
  grown?(conversation: Conversation, message: MessageEvent, began: boolean, emit: Emit): boolean
  /** Nothing more comes: what is there so far is all, and cut. */
  over?(conversation: Conversation, emit: Emit): void
  /** Event time, µs, has come so far; at the end of everything it is infinite. */
  expire?(time: number, emit: Emit): void
}

/** A protocol of the registry (index.ts). */
export interface Protocol {
  /** The kernel's findings that it takes (`enum l7`). */
  readonly l7: readonly number[]
  /** A fresh one, with state of its own. */
  open(): ProtocolHandlers
}
