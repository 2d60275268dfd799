import { type QuicEvent } from '../../protocols/quic-events.ts'
import { type TlsEvent } from '../../protocols/tls-events.ts'
import { chosenFields, outcomeFields } from '../../protocols/tls-fields.ts'
import { type SlotTable } from './context.ts'

/** Fields that most TLS rules read; the rest comes from the document. */
export const tlsSlots: SlotTable<TlsEvent> = {
  'event.action': () => event => event.action,
  'network.protocol': () => () => 'tls',
  'tls.client.server_name':
    () =>
    ({ client }) =>
      client?.hello?.serverName,
  'tls.client.ja3':
    () =>
    ({ client }) =>
      client?.hello?.ja3,
  'orthrus.tls.ja4':
    () =>
    ({ client }) =>
      client?.hello?.ja4,
  'tls.version':
    () =>
    ({ client, server }) =>
      outcomeFields(client, server)['version'] as string | undefined,
  'tls.cipher':
    () =>
    ({ client, server }) =>
      outcomeFields(client, server)['cipher'] as string | undefined,
  'tls.next_protocol':
    () =>
    ({ client, server }) =>
      outcomeFields(client, server)['next_protocol'] as string | undefined,
}

export const quicSlots: SlotTable<QuicEvent> = {
  'event.action': () => event => event.action,
  'network.protocol': () => () => 'quic',
  'tls.client.server_name':
    () =>
    ({ facts }) =>
      facts.clientHello?.serverName,
  'tls.client.ja3':
    () =>
    ({ facts }) =>
      facts.clientHello?.ja3,
  'orthrus.tls.ja4':
    () =>
    ({ facts }) =>
      facts.clientHello?.ja4,
  'tls.version':
    () =>
    ({ facts }) =>
      chosenFields(facts.clientHello, facts.serverHello ?? facts.helloRetry)['version'] as
        | string
        | undefined,
  'tls.cipher':
    () =>
    ({ facts }) =>
      chosenFields(facts.clientHello, facts.serverHello ?? facts.helloRetry)['cipher'] as
        | string
        | undefined,
  'tls.next_protocol':
    () =>
    ({ facts }) =>
      chosenFields(facts.clientHello, facts.serverHello ?? facts.helloRetry)['next_protocol'] as
        | string
        | undefined,
}
