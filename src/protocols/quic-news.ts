import { type ClientHello } from './tls-hello.ts'
import { type ServerHello } from './tls-server-hello.ts'

/** What one datagram told that was not known of its flow before. */
export interface QuicNews {
  /** Version of the packets it came in, for people: `1`, `2`, `draft-29`… */
  readonly version: string
  readonly clientHello: ClientHello | undefined
  readonly serverHello: ServerHello | undefined
  /** A HelloRetryRequest: another ClientHello and ServerHello follow. */
  readonly helloRetry: ServerHello | undefined
  /** The server wants the client's address proven first. */
  readonly retry: boolean
  /** What the server offers in a Version Negotiation packet. */
  readonly offeredVersions: readonly string[]
}

/** News that are being gathered. */
export class News implements QuicNews {
  version = ''
  clientHello: ClientHello | undefined
  serverHello: ServerHello | undefined
  helloRetry: ServerHello | undefined
  retry = false
  offeredVersions: readonly string[] = []

  get any(): boolean {
    const hello = this.clientHello ?? this.serverHello ?? this.helloRetry
    return hello !== undefined || this.retry || this.offeredVersions.length > 0
  }
}
