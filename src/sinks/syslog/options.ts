import { duration } from '../../config/section.ts'
import { type Static, Type } from '../../config/type.ts'
import { facilities } from '../formats/syslog.ts'
import { tlsOptions } from '../tls.ts'

export const syslogOptions = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      description: 'Name or address of the receiver.',
      examples: ['syslog.example.com'],
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description: 'Its port; 0 for 6514 with TLS, else 514.',
    }),
    transport: Type.Enum(['tls', 'tcp', 'udp'], {
      default: 'tls',
      description: 'RFC 5425, RFC 6587 or RFC 5426; with udp delivered means no more than sent.',
    }),
    tls: tlsOptions,
    standard: Type.Enum(['rfc5424', 'rfc3164'], {
      default: 'rfc5424',
      description: 'Form of a message; the old one for receivers that know no other.',
    }),
    framing: Type.Enum(['octet-counting', 'line-feed'], {
      default: 'octet-counting',
      description: 'How tcp tells one message from the next; tls always counts octets.',
    }),
    content: Type.Enum(['json', 'text'], {
      default: 'json',
      description: 'The whole ECS document in a message, or its sentence only.',
    }),
    facility: Type.Enum([...facilities], {
      default: 'local0',
      description: 'Facility; the severity is that of the alert.',
    }),
    app_name: Type.String({
      pattern: '^[!-~]{1,48}$',
      default: 'orthrus',
      description: 'What the receiver calls the program.',
    }),
    enterprise: Type.Integer({
      minimum: 1,
      maximum: 4_294_967_295,
      default: 32_473,
      description:
        'Private enterprise number in the structured data; IANA keeps 32473 for examples.',
    }),
    max_size: Type.Integer({
      minimum: 0,
      maximum: 1_048_576,
      default: 0,
      description:
        'Bytes of a message; beyond, fields are left out. 0 for 8192, with udp for 1024, as receivers take by default.',
    }),
    confirm_within: duration({
      default: '10ms',
      maxDuration: '1m',
      description:
        'After so long what was sent is confirmed: the connection is ended in order, the receiver ends it when it has read all, and the next one is opened; 0 for never.',
    }),
  },
  { additionalProperties: false, description: 'A syslog receiver.' },
)

export type SyslogOptions = Static<typeof syslogOptions>
