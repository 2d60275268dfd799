import { both, type Probe, type Signature, tcp, udp } from './app-probe.ts'

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
// First characters of a command's tag, as clients choose them
const TAG = `${UPPER}${UPPER.toLowerCase()}0123456789.$`
const MAIL_PORTS = [25, 465, 587, 2525] as const

/** Protocols that speak in lines. */
export const textSignatures: readonly Signature[] = [
  both('sip', 'SIROACBMNPU', isSip),
  both('rtsp', 'RODSPTGA', p => p.starts('RTSP/1.0 ') || p.lineEnds(' RTSP/1.0')),
  udp('ssdp', 'MN', p => p.starts('M-SEARCH * HTTP/1', 'NOTIFY * HTTP/1')),
  udp('ssdp', 'H', p => p.starts('HTTP/1.1 200') && (p.on(1900) || p.has('\nUSN:'))),
  udp('bittorrent', 'B', p => p.starts('BT-SEARCH * HTTP/1.1')),
  tcp('http', 'H', p => p.starts('HTTP/1.')),
  tcp('http', UPPER, p => p.is(p.lineLength() - 9, ' HTTP/1.')),
  tcp('http2', 'P', p => p.starts('PRI * HTTP/2.0')),
  tcp('smtp', 'EHLehl', isMailGreeting),
  tcp('smtp', '2', p => p.starts('220 ', '220-') && isMailServer(p)),
  tcp('ftp', '2', p => p.starts('220 ', '220-') && (p.lineHas('FTP') || p.on(21))),
  tcp('ftp', 'UAF', p => p.on(21) && p.starts('USER ', 'AUTH TLS', 'AUTH SSL', 'FEAT')),
  tcp('imap', '*', p => p.starts('* OK', '* PREAUTH', '* BYE')),
  tcp('imap', TAG, isImapCommand),
  tcp('pop3', '+', p => p.starts('+OK') && (p.on(110, 995) || p.lineHas('POP'))),
  tcp('pop3', 'UCSA', p => p.on(110) && p.starts('USER ', 'CAPA', 'STLS', 'AUTH', 'APOP ')),
  tcp('irc', 'NPUC', isIrcCommand),
  tcp('irc', ':N', p => p.starts('NOTICE AUTH :') || (p.u8(0) === 58 && isIrcReply(p))),
  tcp('xmpp', '<', p => p.has('<stream:stream')),
  tcp('vnc', 'R', p => p.starts('RFB 00') && p.u8(7) === 46 && p.u8(11) === 10),
  tcp('telnet', [0xff], isTelnet),
  both('syslog', '<', p => isSyslog(p, 0)),
  tcp('syslog', '123456789', p => isSyslog(p, countedFrame(p))),
  udp('ws-discovery', '<', p => p.on(3702) && p.has(':Envelope')),
  tcp('rsync', '@', p => p.starts('@RSYNCD:')),
  tcp('git', '0', p => p.has('git-upload-pack', 24) || p.has('git-receive-pack', 24)),
  tcp('stratum', '{', p => p.has('"mining.')),
  tcp('dropbox', '{', p => p.starts('{"host_int"')),
  udp('dropbox', '{', p => p.starts('{"host_int"')),
  tcp('nats', 'I', p => p.starts('INFO {') && p.has('"server_id"')),
  tcp('sip', '\r', p => p.starts('\r\n\r\n') && p.on(5060)),
]

// RFC 3261 7: the version ends a request line and starts an answer
function isSip(p: Probe): boolean {
  return p.starts('SIP/2.0 ') || (p.lineEnds(' SIP/2.0') && p.has(' sip', 32))
}

function isMailGreeting(p: Probe): boolean {
  return p.starts('EHLO ', 'HELO ', 'ehlo ', 'helo ', 'LHLO ') && p.printable()
}

function isMailServer(p: Probe): boolean {
  return p.on(...MAIL_PORTS) || p.lineHas('SMTP') || p.lineHas('smtp')
}

// RFC 9051 2.2.1: a tag, then a command that may come before login
function isImapCommand(p: Probe): boolean {
  if (p.fromServer || !p.printable(24)) return false
  const commands = ['CAPABILITY', 'LOGIN ', 'AUTHENTICATE ', 'STARTTLS', 'ID (']
  for (let at = 1; at < 12; at++) {
    if (p.u8(at) === 32) return commands.some(command => p.is(at + 1, command))
  }
  return false
}

// RFC 2812 3.1
function isIrcCommand(p: Probe): boolean {
  if (p.starts('CAP LS', 'CAP REQ')) return true
  if (!p.printable()) return false
  if (p.starts('NICK ')) return p.lineLength() < p.held && p.lineLength() < 64
  return p.starts('PASS ', 'USER ') && (p.on(6667, 6697) || p.has('\nNICK '))
}

// The prefix ends at the first blank; a server's first words are few.
function isIrcReply(p: Probe): boolean {
  if (!p.printable()) return false
  let blank = 1
  while (blank < 64 && p.u8(blank) !== 32) blank++
  return IRC_REPLIES.some(word => p.is(blank, word))
}

const IRC_REPLIES = [' NOTICE ', ' 001 ', ' 020 ', ' CAP ']

// RFC 854: IAC, a command between WILL and DONT, an option
function isTelnet(p: Probe): boolean {
  if (p.u8(1) < 0xfb || p.u8(1) > 0xfe || p.u8(2) > 49 || p.length < 3) return false
  return p.length === 3 || p.u8(3) === 0xff || p.on(23)
}

// RFC 3164 4.1.1, RFC 5424 6.2.1: `<` priority up to 191 `>`, then text
function isSyslog(p: Probe, at: number): boolean {
  if (at < 0 || p.u8(at) !== 60) return false
  let value = 0
  for (let i = at + 1; i < at + 5; i++) {
    const c = p.u8(i)
    if (c === 62) return i > at + 1 && value <= 191 && p.u8(i + 1) > 31 && p.printable(32)
    if (c < 48 || c > 57) return false
    value = value * 10 + c - 48
  }
  return false
}

// RFC 6587 3.4.1: length, space, message
function countedFrame(p: Probe): number {
  for (let at = 1; at < 6; at++) {
    if (p.u8(at) === 32) return at + 1
    if (p.u8(at) < 48 || p.u8(at) > 57) return -1
  }
  return -1
}
