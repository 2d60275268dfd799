/**
 * Mnemonics of the IANA "Domain Name System (DNS) Parameters" registry. Numbers without one are
 * written as RFC 3597 5 says (`TYPE731`, `CLASS32`), op codes and response codes as decimals.
 */

// Each run of neighbouring numbers is one string; `-` stands for a number that is not assigned.
const TYPES = numbered({
  1: 'A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP',
  23: 'NSAP-PTR SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT',
  42: 'APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA - HIP NINFO',
  57: 'RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC',
  99: 'SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64',
  128: 'NXNAME',
  249: 'TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN',
  32768: 'TA DLV',
  65281: 'WINS WINS-R',
})
const CLASSES = numbered({ 1: 'IN CS CH HS', 254: 'NONE ANY' })
const OP_CODES = numbered({ 0: 'QUERY IQUERY STATUS - NOTIFY UPDATE DSO' })
// RFC 1002 4.2.1.1: NetBIOS gives the op codes another meaning.
const NBNS_OP_CODES = numbered({
  0: 'QUERY',
  5: 'REGISTRATION RELEASE WACK REFRESH REFRESH',
  15: 'MULTIHOMED-REGISTRATION',
})
const RESPONSE_CODES = numbered({
  0: 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE',
  11: 'DSOTYPENI',
  16: 'BADVERS BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE',
})

/** Mnemonic of a resource record type, or `TYPE<n>`. */
export function typeName(type: number): string {
  return TYPES.get(type) ?? `TYPE${type}`
}

/** True for a type of the registry: a guess at unknown bytes leans on it. */
export function isKnownType(type: number): boolean {
  return TYPES.has(type)
}

/** The same in NetBIOS name service, where 32 and 33 are NB and NBSTAT (RFC 1002 4.2.1.3). */
export function nbnsTypeName(type: number): string {
  if (type === 32) return 'NB'
  return type === 33 ? 'NBSTAT' : typeName(type)
}

/** Mnemonic of a class, or `CLASS<n>`. */
export function className(code: number): string {
  return CLASSES.get(code) ?? `CLASS${code}`
}

/** Mnemonic of an op code, or its number. */
export function opCodeName(code: number): string {
  return OP_CODES.get(code) ?? String(code)
}

/** Mnemonic of a NetBIOS op code, or its number. */
export function nbnsOpCodeName(code: number): string {
  return NBNS_OP_CODES.get(code) ?? String(code)
}

/** Mnemonic of a response code (12 bits with EDNS), or its number. */
export function responseCodeName(code: number): string {
  return RESPONSE_CODES.get(code) ?? String(code)
}

function numbered(runs: Readonly<Record<number, string>>): Map<number, string> {
  const table = new Map<number, string>()
  for (const [first, names] of Object.entries(runs)) {
    for (const [i, name] of names.split(' ').entries()) {
      if (name !== '-') table.set(Number(first) + i, name)
    }
  }
  return table
}
