import { type DnsMessage, decodeDns } from './dns.ts'
import { NetbiosNames } from './nbns-data.ts'

/** A NetBIOS name service message (RFC 1002 4.2), as a DNS message in the `nbns` dialect. */
export function decodeNbns(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): DnsMessage | undefined {
  return decodeDns(bytes, start, end, 'nbns')
}

/** Which service a question asks for: 0x00 workstation, 0x1b domain master, 0x20 server and so on. */
export function netbiosSuffix(message: DnsMessage, question = 0): number | undefined {
  const place = message.questions[question]?.place
  if (place === undefined) return undefined
  const [names, at] = place
  return names instanceof NetbiosNames ? names.suffix(at) : undefined
}
