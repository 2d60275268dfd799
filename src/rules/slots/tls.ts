import { type QuicEvent } from '../../protocols/quic-events.ts'
import { type TlsEvent } from '../../protocols/tls-events.ts'
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
}
