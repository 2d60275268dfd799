import { type Device } from '../enrich/device.ts'
import { type Color, paint } from '../sinks/paint.ts'
import { printable } from '../sinks/terminal-text.ts'
import { type Loss, recordsLost } from './loss.ts'
import { type Summary } from './summary.ts'
import { type DeviceTally, topWords } from './tally.ts'
import { bytesText, countText, durationText } from './units.ts'

export interface SummaryTextOptions {
  readonly color: boolean
  readonly vendor: (high: number, low: number) => string | undefined
  /** Rows of each table. */
  readonly rows?: number
}

type Paint = (text: string, ...colors: Color[]) => string

/** A summary as tables for a person; ends with a line feed. */
export function summaryText(summary: Summary, options: SummaryTextOptions): string {
  const colors: Paint = (text, ...names) => paint(text, names, options.color)
  const rows = options.rows ?? 10
  const lines = [
    head(summary, colors),
    traffic(summary),
    ...protocols(summary, rows, colors),
    ...devices(summary, options, rows, colors),
    alerts(summary, colors),
    blindness(summary.loss, colors),
    sensor(summary),
  ]
  return `${lines.join('\n')}\n`
}

function head({ final, start, end, uptime }: Summary, colors: Paint): string {
  const clock = new Date(end).toISOString().slice(11, 19)
  const span = final ? `whole run, ${durationText(uptime)}` : `last ${durationText(end - start)}`
  return colors(`── ${clock} summary, ${span} ${'─'.repeat(40)}`, 'bold')
}

function traffic(summary: Summary): string {
  const seconds = Math.max((summary.end - summary.start) / 1000, 0.001)
  const { packets, bytes, flowsLive, tally } = summary
  const open = summary.final ? '' : `, ${countText(flowsLive)} open`
  const directions = Object.entries(tally.directions)
    .filter(([, sum]) => sum > 0)
    .map(([name, sum]) => `${name} ${bytesText(sum)}`)
  return [
    line('traffic', `${countText(packets)} packets, ${bytesText(bytes)}`),
    ` (${countText(packets / seconds)}/s, ${bytesText(bytes / seconds)}/s)`,
    `; flows ${countText(tally.flowsStarted)} new${open}`,
    directions.length === 0 ? '' : `; ${directions.join(', ')}`,
  ].join('')
}

function protocols({ tally }: Summary, rows: number, colors: Paint): string[] {
  const sorted = [...tally.protocols].toSorted(
    ([, a], [, b]) => b.bytes - a.bytes || b.messages - a.messages,
  )
  const others = Object.entries(tally.events)
    .filter(([name]) => name !== 'message')
    .map(([name, count]) => `${name} ${countText(count)}`)
  const shown = sorted
    .slice(0, rows)
    .map(([name, { flows, packets, bytes, messages }]) =>
      row([name, flows, packets, bytesText(bytes), messages === 0 ? '' : messages]),
    )
  return [
    ...(shown.length === 0
      ? []
      : [colors(row(['protocol', 'flows', 'packets', 'bytes', 'messages']), 'dim'), ...shown]),
    ...(others.length === 0 ? [] : [line('also', others.join(', '))]),
  ]
}

function devices(
  { tally, devices: counts }: Summary,
  { vendor }: SummaryTextOptions,
  rows: number,
  colors: Paint,
): string[] {
  const left = counts.learningLeft / 1000
  const learning = left > 0 ? `, learning for ${durationText(left)} more` : ''
  const refused = counts.refused > 0 ? `, no room for ${countText(counts.refused)} sightings` : ''
  const busy = [...tally.devices].toSorted(([, a], [, b]) => total(b) - total(a)).slice(0, rows)
  const title = row(['device', 'packets', 'sent', 'received'], 44)
  return [
    line('devices', `${countText(counts.known)} known, ${countText(tally.newDevices)} new`) +
      learning +
      refused,
    ...(busy.length === 0 ? [] : [colors(`${title}  uses → with`, 'dim')]),
    ...busy.map(([device, sums]) => deviceRow(device, sums, vendor(device.high, device.low))),
  ]
}

function deviceRow(device: Device, sums: DeviceTally, vendor: string | undefined): string {
  const { ips } = device
  const name = ips.find(isTelling) ?? ips[0] ?? device.mac
  const maker = device.self ? 'this sensor' : vendor
  const label = maker === undefined ? name : `${name} (${maker})`
  const { packets, bytesSent, bytesReceived, services, targets } = sums
  const cells = [printable(label, 42), packets, bytesText(bytesSent), bytesText(bytesReceived)]
  const used = topWords(services, 4).join(', ')
  const others = topWords(targets, 3).join(', ')
  const uses = `${printable(used)}${others === '' ? '' : ` → ${printable(others)}`}`
  return `${row(cells, 44)}  ${uses}`.trimEnd()
}

/** A link-local address says no more than the MAC. */
function isTelling(address: string): boolean {
  return !/^(fe[89ab]|169\.254\.)/.test(address)
}

function alerts({ alerts: raised, queue }: Summary, colors: Paint): string {
  const down = Object.entries(queue.sinks).filter(([, sink]) => sink.state !== 'up')
  const waiting = queue.waiting === 0 ? '' : `, ${countText(queue.waiting)} wait for a sink`
  const why = down.map(
    ([name, { lastError }]) => `; ${name} is down: ${printable(lastError ?? '')}`,
  )
  const text = line('alerts', `${countText(raised)}${waiting}${why.join('')}`)
  return down.length > 0 ? colors(text, 'red') : text
}

function blindness(loss: Loss, colors: Paint): string {
  const parts = Object.entries(loss).map(([name, count]) => `${name} ${countText(count)}`)
  if (parts.length === 0) return line('missed', 'nothing')
  const lost = recordsLost(loss)
  const text = line('missed', parts.join(', '))
  return lost > 0 ? colors(text, 'red', 'bold') : text
}

function sensor({ overhead }: Summary): string {
  const { cpuPercent, rssBytes, loopLagMs, kernelCpuPercent, kernelNsPerPacket } = overhead
  const kernel =
    kernelCpuPercent === undefined
      ? ''
      : `; kernel ${kernelCpuPercent.toFixed(1)} %, ${Math.round(kernelNsPerPacket ?? 0)} ns a packet`
  const own = `CPU ${cpuPercent.toFixed(1)} %, memory ${bytesText(rssBytes)}`
  return line('sensor', `${own}, loop lag ${loopLagMs.toFixed(1)} ms${kernel}`)
}

function total({ bytesSent, bytesReceived }: DeviceTally): number {
  return bytesSent + bytesReceived
}

function line(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`
}

/** First cell to the left, the others to the right. */
function row(cells: readonly (string | number)[], first = 20): string {
  const [name = '', ...rest] = cells
  const right = rest.map(cell => (typeof cell === 'number' ? countText(cell) : cell).padStart(10))
  return `  ${String(name).padEnd(first)}${right.join('')}`.trimEnd()
}
