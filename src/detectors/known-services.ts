import { Type } from '../config/type.ts'

/**
 * Names under which programs of every office call home at regular times or keep a connection open:
 * time, push messages, updates, checks for a captive portal. Only names that their owner lets nobody
 * else serve under: hosting and content networks are not among them, for attackers rent there.
 */
const defaults = [
  'apple.com',
  'icloud.com',
  'avcdn.net',
  'captive.apple.com',
  'clients3.google.com',
  'clients4.google.com',
  'connectivity-check.ubuntu.com',
  'connectivitycheck.android.com',
  'connectivitycheck.gstatic.com',
  'detectportal.firefox.com',
  'deb.debian.org',
  'fcm.googleapis.com',
  'fedoraproject.org',
  'fwupd.org',
  'gvt1.com',
  'gstatic.com',
  'live.com',
  'live.net',
  'mozilla.com',
  'mozilla.net',
  'mozilla.org',
  'firefox.com',
  'microsoft.com',
  'microsoftonline.com',
  'msedge.net',
  'msftconnecttest.com',
  'msftncsi.com',
  'mtalk.google.com',
  'android.clients.google.com',
  'network-test.debian.org',
  'nmcheck.gnome.org',
  'ntp.org',
  'office.com',
  'office.net',
  'office365.com',
  'play.googleapis.com',
  'push.apple.com',
  'safebrowsing.googleapis.com',
  'samsungcloudsolution.com',
  'samsungosp.com',
  'samsungqbe.com',
  'lgtvcommon.com',
  'lgtvsdp.com',
  'skype.com',
  'snapcraft.io',
  'sonos.com',
  'spotify.com',
  'teams.microsoft.com',
  'ubuntu.com',
  'update.googleapis.com',
  'whatsapp.net',
  'windows.com',
  'windowsupdate.com',
  'signal.org',
  'zoom.us',
] as const

/** Time, mail, push messages of Apple and Google, MQTT over TLS, XMPP: they call at regular times. */
const ports = [123, 993, 995, 4500, 5222, 5223, 5228, 5229, 5230, 8883] as const

/** Options of the detectors for which these services are ordinary. */
export const knownServiceOptions = {
  known_names: Type.Array(Type.String(), {
    default: [...defaults],
    uniqueItems: true,
    maxItems: 100_000,
    description:
      'Names, with all below them, of services that every office uses: worth half of what others are.',
  }),
  known_ports: Type.Array(Type.Integer({ minimum: 0, maximum: 65_535 }), {
    default: [...ports],
    uniqueItems: true,
    description: 'Ports of services that call at regular times: worth half as well.',
  }),
} as const

/** Names with all that is below them. */
export class NameSuffixes {
  readonly #names: ReadonlySet<string>

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map(name => name.toLowerCase().replace(/^(\*?\.)+|\.$/g, '')))
  }

  /** Whether the name, or one above it, is listed. */
  has(name: string): boolean {
    for (let at = 0; at >= 0; at = name.indexOf('.', at)) {
      if (at > 0) at++
      if (this.#names.has(at === 0 ? name : name.slice(at))) return true
    }
    return false
  }
}
