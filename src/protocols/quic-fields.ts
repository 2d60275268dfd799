import { compact, type Fields, filled, flag } from './ecs-parts.ts'
import { quicUserAgent } from './quic.ts'
import { chosenFields, clientFields, offerFields, suites } from './tls-fields.ts'
import { type ClientHello } from './tls-hello.ts'
import { type ServerHello } from './tls-server-hello.ts'

/** What is known of a QUIC connection, perhaps from several QuicNews. */
export interface QuicFacts {
  readonly version: string
  readonly clientHello: ClientHello | undefined
  readonly serverHello: ServerHello | undefined
  readonly helloRetry?: ServerHello | undefined
  readonly retry?: boolean
  readonly offeredVersions?: readonly string[]
}

/** The parts of the document that a QUIC handshake fills. */
export interface QuicFields {
  readonly tls: Fields
  /** Goes under `orthrus.tls`. */
  readonly orthrusTls: Fields
  /** Goes under `orthrus.quic`. */
  readonly orthrusQuic: Fields
  /** `user_agent.original`, where the client names itself. */
  readonly userAgent: string | undefined
}

/** ECS fields of a QUIC handshake: those of TLS, its JA4 starting with `q`, and the version. */
export function quicFields(facts: QuicFacts): QuicFields {
  const { clientHello, serverHello, helloRetry } = facts
  return {
    tls: compact({
      client: compact({ ...clientFields(clientHello), supported_ciphers: suites(clientHello) }),
      server: compact({ ja3s: (helloRetry ?? serverHello)?.ja3s }),
      ...chosenFields(clientHello, serverHello ?? helloRetry),
    }),
    orthrusTls: compact({
      ...offerFields(clientHello),
      hello_retry: flag(helloRetry !== undefined),
    }),
    orthrusQuic: compact({
      version: facts.version || undefined,
      retry: flag(facts.retry === true),
      offered_versions: filled(facts.offeredVersions ?? []),
    }),
    userAgent: clientHello === undefined ? undefined : quicUserAgent(clientHello),
  }
}
