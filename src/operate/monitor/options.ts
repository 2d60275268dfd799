import { secretText } from '../../config/secret.ts'
import { section } from '../../config/section.ts'
import { Type } from '../../config/type.ts'

/** The `monitor` section. */
export const monitorOptions = section('Health and metrics over HTTP, for probes and Prometheus.', {
  listen: Type.String({
    default: '',
    description:
      'Address and port, such as `127.0.0.1:9477` or `[::1]:9477`; empty for none. Beyond this machine only with a token.',
    examples: ['127.0.0.1:9477'],
  }),
  token: secretText({
    default: '',
    description:
      'What `/status` and `/metrics` want to see as `Authorization: Bearer …`; at least 16 characters, empty for nothing.',
  }),
})
