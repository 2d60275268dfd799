import { type FieldMapping, to } from './field-mapping.ts'

/** Names close to ECS that rules use for fields which ECS lacks or names otherwise. */
export const ecsFields: Readonly<Record<string, FieldMapping>> = {
  'tls.client.ja4': to('orthrus.tls.ja4'),
  'dns.header_z': to('orthrus.dns.z'),
  'icmp.type': to('orthrus.icmp.type'),
  'icmp.code': to('orthrus.icmp.code'),
}
