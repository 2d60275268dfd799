import { type Attack } from './attack.ts'
import * as guessing from './guessing.ts'
import * as link from './link.ts'
import * as names from './names.ts'
import * as remote from './remote.ts'
import * as scans from './scans.ts'

/** Every attack by the name of the command line. */
export const attacks = {
  'arp-spoof': link.arpSpoof,
  'rogue-dhcp': link.rogueDhcp,
  'dhcp-starvation': link.dhcpStarvation,
  'new-device': link.newDevice,
  'arp-sweep': link.arpSweep,
  'vertical-scan': scans.verticalScan,
  'horizontal-scan': scans.horizontalScan,
  'outward-scan': scans.outwardScan,
  'icmp-sweep': scans.icmpSweep,
  'null-scan': scans.nullScan,
  'fin-scan': scans.finScan,
  'xmas-scan': scans.xmasScan,
  'slow-scan': scans.slowScan,
  'ssh-guessing': guessing.sshGuessing,
  'rdp-guessing': guessing.rdpGuessing,
  'telnet-guessing': guessing.telnetGuessing,
  'ftp-guessing': guessing.ftpGuessing,
  'smb-guessing': guessing.smbGuessing,
  lateral: guessing.lateral,
  beacon: remote.beacon,
  'beacon-address': remote.beaconAddress,
  'long-connection': remote.longConnection,
  exfiltration: remote.exfiltration,
  'self-signed': remote.selfSigned,
  expired: remote.expired,
  'tls-downgrade': remote.downgrade,
  'tls-odd-port': remote.tlsOddPort,
  'not-tls': remote.notTls,
  indicator: remote.indicator,
  'dns-tunnel': names.dnsTunnel,
  'dns-tunnel-text': names.dnsTunnelText,
  'dns-tunnel-slow': names.dnsTunnelSlow,
  dga: names.dga,
  rebinding: names.rebinding,
  'new-resolver': names.newResolver,
  doh: names.doh,
  'icmp-tunnel': names.icmpTunnel,
} satisfies Record<string, Attack>

export type AttackName = keyof typeof attacks

/** The names of all attacks. */
export const attackNames = Object.keys(attacks).filter(isAttack)

/** Whether there is an attack of this name. */
export function isAttack(name: string): name is AttackName {
  return Object.hasOwn(attacks, name)
}
