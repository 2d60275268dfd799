import { milliseconds } from '../config/duration.ts'
import { SensorError } from '../errors.ts'
import { type Alert } from '../outbox/queued.ts'
import { type SyslogFormat, syslogMessage } from './formats/syslog.ts'
import { defineSink, type Sink, SinkError } from './sink.ts'
import { Confirmation } from './syslog/confirmation.ts'
import { Datagrams } from './syslog/datagrams.ts'
import { type SyslogOptions, syslogOptions } from './syslog/options.ts'
import { Stream } from './syslog/stream.ts'
import { Tls } from './tls.ts'

/** What a receiver may lose when it dies: so much is kept and sent again. */
const replay = { bytes: 8 * 1024 * 1024, ms: 60_000 } as const
const sizes = { tls: 8192, tcp: 8192, udp: 1024 } as const
/** What a UDP datagram of IPv4 holds: beyond, no send would ever work. */
const largestDatagram = 65_507
const ports = { tls: 6514, tcp: 514, udp: 514 } as const

export const syslog = defineSink(syslogOptions, async (options, { log }) => {
  const format = formatOf(options)
  const port = options.port === 0 ? ports[options.transport] : options.port
  if (options.transport === 'udp') return overDatagrams(new Datagrams(options.host, port), format)
  const framing = options.transport === 'tls' ? 'octet-counting' : options.framing
  const tls = options.transport === 'tls' ? new Tls(options.tls, log) : undefined
  const within = milliseconds(options.confirm_within)
  return overStream(options.host, port, { tls, format, frame: frames[framing], within })
})

function formatOf(options: SyslogOptions): SyslogFormat {
  const { standard, facility, app_name: appName, enterprise, content, transport } = options
  const maxSize = options.max_size === 0 ? sizes[transport] : options.max_size
  if (maxSize < 480) {
    // RFC 5424 6.1: what every receiver must be able to take.
    throw new SensorError('CONFIG_INVALID', '`max_size` must be 480 or more, or 0 for the default')
  }
  if (transport === 'udp' && maxSize > largestDatagram) {
    const most = `\`max_size\` must be ${largestDatagram} or less with udp, or 0 for the default`
    throw new SensorError('CONFIG_INVALID', most)
  }
  return { standard, facility, appName, enterprise, content, maxSize }
}

/** RFC 6587 3.4.1 and 3.4.2. */
const frames = {
  'octet-counting': (message: Buffer) => [Buffer.from(`${message.length} `), message],
  'line-feed': (message: Buffer) => [message, Buffer.from('\n')],
} as const

interface StreamParts {
  readonly tls: Tls | undefined
  readonly format: SyslogFormat
  readonly frame: (message: Buffer) => readonly Buffer[]
  /** ms that what was sent may stay unconfirmed; 0 for as long as S4 has it. */
  readonly within: number
}

function overStream(host: string, port: number, parts: StreamParts): Sink {
  const { tls, format, frame } = parts
  const { stream, confirmation, told, between } = connectionTo(host, port, parts)
  let said: string | undefined
  return {
    unconfirmed: {
      ...replay,
      onLost: listener => told.lost.push(listener),
      onConfirmed: listener => told.confirmed.push(listener),
    },
    send: batch =>
      between(async () => {
        const { messages, rejected } = messagesOf(batch, format)
        if (messages.length > 0) {
          await stream.write(Buffer.concat(messages.flatMap(frame)))
          confirmation.written(messages.length)
        }
        said = `${stream.place} took ${counted(messages, 'message')}; syslog acknowledges nothing`
        refuse(batch, rejected, format)
      }),
    check: () => stream.open(),
    async close() {
      await confirmation.stop()
      await stream.close()
    },
    answer: () => said,
    status: () => ({
      delivery: confirmation.works ? 'confirmed' : 'replayed',
      degraded: tls?.degraded,
      certificateExpires: tls?.expires?.toISOString(),
    }),
  }
}

/** A stream, and what becomes known of it; `between` does one work at a time. */
function connectionTo(host: string, port: number, { tls, within }: StreamParts) {
  const told = { lost: [] as (() => void)[], confirmed: [] as ((grace: number) => void)[] }
  const onLost = () => {
    for (const listener of told.lost) listener()
  }
  const onConfirmed = (grace: number) => {
    for (const listener of told.confirmed) listener(grace)
  }
  // Two batches at a time would be written into each other.
  let last: Promise<unknown> = Promise.resolve()
  const between = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
  const stream = new Stream({
    host,
    port,
    tls,
    onLost() {
      confirmation.lost()
      onLost()
    },
  })
  const confirmation = new Confirmation({ stream, within, between, onConfirmed, onLost })
  return { stream, confirmation, told, between }
}

function overDatagrams(datagrams: Datagrams, format: SyslogFormat): Sink {
  let said: string | undefined
  return {
    async send(batch) {
      const { messages, rejected } = messagesOf(batch, format)
      await datagrams.send(messages)
      said = `sent ${counted(messages, 'datagram')} to ${datagrams.place}; nobody knows whether it came`
      refuse(batch, rejected, format)
    },
    check: async () => void (await datagrams.open()),
    close: () => datagrams.close(),
    answer: () => said,
    status: () => ({ delivery: 'best-effort' }),
  }
}

function messagesOf(batch: readonly Alert[], format: SyslogFormat) {
  const messages: Buffer[] = []
  const rejected: Alert[] = []
  for (const alert of batch) {
    const message = syslogMessage(alert, format)
    if (message === undefined) rejected.push(alert)
    else messages.push(message)
  }
  return { messages, rejected }
}

const counted = ({ length }: readonly unknown[], what: string) =>
  `${length} ${what}${length === 1 ? '' : 's'}`

/** Throws for what does not fit; the others were sent. */
function refuse(batch: readonly Alert[], rejected: readonly Alert[], format: SyslogFormat): void {
  if (rejected.length === 0) return
  const delivered = batch.filter(alert => !rejected.includes(alert))
  const message = `the alert does not fit into ${format.maxSize} bytes; a larger \`max_size\` helps`
  throw new SinkError('permanent', message, { delivered, rejected })
}
