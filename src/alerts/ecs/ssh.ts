import { sshFields } from '../../protocols/ssh-ecs.ts'
import { type SshEvent } from '../../protocols/ssh-events.ts'
import { ipFields } from './common.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.ssh`: the banners and key exchanges that are known by now. */
export function sshDocument({ packet, action, client, server }: SshEvent): Fields {
  return joinFields(
    ipFields(packet),
    { event: { action, type: ['protocol', 'info'] }, network: { protocol: 'ssh' } },
    (client === undefined ? {} : sshFields(client, false)) as unknown as Fields,
    (server === undefined ? {} : sshFields(server, true)) as unknown as Fields,
  )
}
