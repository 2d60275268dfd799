import { httpFields } from '../../protocols/http-ecs.ts'
import { type HttpEvent } from '../../protocols/http-events.ts'
import { ipFields } from './common.ts'
import { knownHosts } from './dns.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.http`: the head of a request, and again with that of its response. */
export function httpDocument({ packet, action, request, response }: HttpEvent): Fields {
  const asked = request === undefined ? undefined : httpFields(request)
  const answered = response === undefined ? undefined : httpFields(response)
  return joinFields(
    ipFields(packet),
    {
      event: { action, type: ['protocol', 'info'] },
      network: { protocol: 'http' },
      related: { hosts: knownHosts([asked?.url?.domain]) },
    },
    (asked ?? {}) as unknown as Fields,
    (answered ?? {}) as unknown as Fields,
  )
}
