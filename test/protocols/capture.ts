import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The measuring kit beside the checkout; not part of the repository. */
export const corpusFolder = process.env['ORTHRUS_CORPUS'] ?? resolve('../shared/corpus')

export const hasTshark = spawnSync('tshark', ['--version']).status === 0
export const hasCorpus = existsSync(join(corpusFolder, 'public.jsonl'))

export interface Row {
  readonly src?: string
  readonly sport?: number
  readonly dst?: string
  readonly dport?: number
  readonly sni?: string
  readonly ja3?: string
  readonly ja3s?: string
  readonly ja4?: string
  readonly alpn?: string
  readonly version?: string
  readonly subject?: string
  readonly issuer?: string
}

export interface Case {
  readonly id: string
  readonly pcap: string
  readonly expect: { readonly tls?: readonly Row[]; readonly quic?: readonly Row[] }
}

export function corpusCases(): Case[] {
  const text = readFileSync(join(corpusFolder, 'public.jsonl'), 'utf8')
  const cases = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Case)
  return cases.filter(({ expect }) => expect.tls !== undefined || expect.quic !== undefined)
}

export interface Segment {
  readonly stream: string
  readonly src: string
  readonly dst: string
  readonly sport: number
  readonly dport: number
  readonly seq: number
  readonly time: number
  readonly bytes: Buffer
}

/** TCP and UDP payloads of a capture in its order, through tshark. */
export async function segments(file: string): Promise<{ tcp: Segment[]; udp: Segment[] }> {
  const names = ['frame.time_epoch', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst']
  const tcp = ['tcp.stream', 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.payload']
  const udp = ['udp.stream', 'udp.srcport', 'udp.dstport', 'udp.payload']
  const fields = [...names, ...tcp, ...udp].flatMap(name => ['-e', name])
  const options = ['-o', 'tcp.desegment_tcp_streams:FALSE', '-E', 'occurrence=l']
  const output = await run('tshark', ['-r', file, '-n', ...options, '-T', 'fields', ...fields])
  const result: { tcp: Segment[]; udp: Segment[] } = { tcp: [], udp: [] }
  for (const line of output.split('\n')) {
    const [time, src4, dst4, src6, dst6, ...rest] = line.split('\t')
    const [stream, sport, dport, seq, payload, ustream, usport, udport, upayload] = rest
    const ends = { src: src4 || src6 || '', dst: dst4 || dst6 || '', time: Number(time) * 1e6 }
    // Without a number tshark could not place it (a segment quoted in an ICMP error).
    if (payload && seq) {
      const bytes = Buffer.from(payload, 'hex')
      const ports = { sport: Number(sport), dport: Number(dport), seq: Number(seq) }
      result.tcp.push({ ...ends, ...ports, stream: stream ?? '', bytes })
    } else if (upayload) {
      const bytes = Buffer.from(upayload, 'hex')
      const ports = { sport: Number(usport), dport: Number(udport), seq: 0 }
      result.udp.push({ ...ends, ...ports, stream: ustream ?? '', bytes })
    }
  }
  return result
}

/** Contiguous bytes of one side of a TCP stream from its first segment on, at most 64 KiB. */
export function join64k(list: readonly Segment[]): Buffer {
  const base = list[0]?.seq ?? 0
  const parts = list
    .map(({ seq, bytes }) => ({ at: (seq - base) | 0, bytes }))
    .sort((a, b) => a.at - b.at)
  const origin = parts[0]?.at ?? 0
  const joined: Buffer[] = []
  let end = origin
  for (const { at, bytes } of parts) {
    if (at > end || end - origin > 65_536) break
    if (at + bytes.length <= end) continue
    joined.push(bytes.subarray(end - at))
    end = at + bytes.length
  }
  return Buffer.concat(joined)
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
}
