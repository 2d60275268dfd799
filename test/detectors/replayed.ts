import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config/load.ts'
import { type Config } from '../../src/config/schema.ts'
import { type CapturedPacket, pcap } from '../generate/pcap.ts'
import { replayedLines } from '../pipeline/replayed.ts'

/** A frame, so many seconds after the start of the capture. */
export interface Timed {
  readonly at: number
  readonly frame: Uint8Array
  /** Its length on the wire, where the capture has only its head. */
  readonly wirelen?: number
}

/** An alert, as far as these tests look into it. */
export interface Told {
  readonly '@timestamp': string
  readonly message: string
  readonly event: { readonly id: string; readonly action: string; readonly severity: number }
  readonly rule: { readonly name: string }
  readonly source?: { readonly ip?: string; readonly mac?: string }
  readonly destination?: { readonly ip?: string; readonly port?: number }
  readonly orthrus: {
    readonly signal: {
      readonly name: string
      readonly detector: string
      readonly score: number
      readonly entity: string
      readonly evidence: Readonly<Record<string, never>>
    }
  }
}

/** An alert for every signal, whatever it is worth. */
export const everySignal = `
title: Signal
id: 0d2f0c33-1d43-4f3c-8c35-6d9c3a5b7e01
status: test
level: low
logsource: {category: network, service: signal}
taxonomy: ecs
detection:
  selection: {orthrus.signal.name|exists: true}
  condition: selection
orthrus:
  suppress: {for: 0}
`

export interface ReplayedOptions {
  /** Options of detectors, by their names. */
  readonly detectors?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Networks of ours, instead of all private ones. */
  readonly home?: readonly string[]
  /** µs of learning of the rules; none unless given, `as-configured` as a replay by a user. */
  readonly learn?: number | 'as-configured'
}

/** Everything that the detectors say of a capture, through the whole sensor. */
export async function signals(packets: readonly Timed[], options: ReplayedOptions = {}) {
  return replayed(packets, options, everySignal)
}

/** What one detector says of a capture, through the whole sensor. */
export function signalsOf(detector: string): typeof signals {
  return async (packets, options) => {
    const all = await signals(packets, options)
    return all.filter(({ orthrus }) => orthrus.signal.detector === detector)
  }
}

/** The alerts of a capture by the rules that we ship, new devices left out. */
export async function alerts(packets: readonly Timed[], options: ReplayedOptions = {}) {
  const all = await replayed(packets, options)
  return all.filter(({ event }) => event.action !== 'device-new')
}

async function replayed(packets: readonly Timed[], options: ReplayedOptions, rule?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-detectors-'))
  const file = join(folder, 'packets.pcap')
  writeFileSync(file, pcap(inOrder(packets)))
  if (rule !== undefined) writeFileSync(join(folder, 'signal.yml'), rule)
  const lines = await replayedLines({
    config: configOf(options, rule === undefined ? undefined : folder),
    files: [file],
    learn: options.learn === 'as-configured' ? undefined : (options.learn ?? 0),
  })
  rmSync(folder, { recursive: true })
  return lines.map(line => JSON.parse(line) as Told)
}

function configOf({ detectors = {}, home = [] }: ReplayedOptions, folder?: string): Config {
  const { config } = readConfig()
  if (config === undefined) throw new Error('the defaults are wrong')
  const changed = Object.entries(detectors).map(([name, own]) => [
    name,
    { ...config.detectors[name], ...own },
  ])
  return {
    ...config,
    network: { ...config.network, home: [...home] },
    detectors: { ...config.detectors, ...Object.fromEntries(changed) },
    devices: { ...config.devices, learning: '7d' },
    rules:
      folder === undefined ? config.rules : { ...config.rules, shipped: false, paths: [folder] },
  }
}

/** 2026-01-05 08:00:00 UTC, a Monday. */
const start = 1_767_600_000_000_000_000n
/** Seconds of Unix time at which captures begin. */
export const began = Number(start / 1_000_000_000n)

function inOrder(packets: readonly Timed[]): CapturedPacket[] {
  return [...packets]
    .sort((one, other) => one.at - other.at)
    .map(({ at, frame, wirelen = frame.length }) => ({
      time: start + BigInt(Math.round(at * 1e6)) * 1000n,
      bytes: frame,
      wirelen,
    }))
}
