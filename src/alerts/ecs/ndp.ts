import { type NdpEvent } from '../../decode/ndp.ts'
import { ipFields, relatedIps, textOf } from './common.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.ndp`: the target is the destination, the stated link-layer address the source's MAC. */
export function ndpFields(ndp: NdpEvent): Fields {
  const { options } = ndp
  const target = textOf(ndp.target)
  const redirected = textOf(ndp.redirected)
  return joinFields(ipFields(ndp.packet), {
    event: { action: `ndp-${ndp.action}`, type: ['protocol'] },
    source: { mac: ndp.linkLayer.text },
    destination: { ip: target },
    related: { ip: relatedIps([target, redirected]) },
    orthrus: {
      ndp: {
        ethernet_source: ndp.ethernetSource?.text,
        flags: ndp.flagNames,
        redirected,
        router_lifetime: ndp.routerLifetime,
        mtu: options.mtu,
        prefixes: options.prefixes.map(({ address, length }) => `${address.text}/${length}`),
        name_servers: options.nameServers.map(({ text }) => text),
      },
    },
  })
}
