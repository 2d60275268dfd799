import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Consumed {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: string
  readonly timestamp: number
}

/** Everything in a topic, as kcat (librdkafka) reads it. */
export async function consume(brokers: readonly string[], topic: string): Promise<Consumed[]> {
  const format = '%p\\x1f%o\\x1f%T\\x1f%k\\x1f%h\\x1f%s\\x1e'
  const quick = ['-X', 'fetch.wait.max.ms=10', '-X', 'fetch.error.backoff.ms=10']
  const args = [
    ...quick,
    '-b',
    brokers.join(','),
    '-C',
    '-t',
    topic,
    '-e',
    '-q',
    '-o',
    'beginning',
    '-f',
    format,
  ]
  const { stdout } = await run('kcat', args, { maxBuffer: 1 << 28 })
  return stdout
    .split('\x1e')
    .slice(0, -1)
    .map(record => {
      const [partition, offset, timestamp, key = '', headers = '', value = ''] =
        record.split('\x1f')
      const pairs = headers.split(',').map(pair => {
        const at = pair.indexOf('=')
        return [pair.slice(0, at), pair.slice(at + 1)] as const
      })
      const [place, at] = [Number(partition), Number(offset)]
      const numbers = { partition: place, offset: at, timestamp: Number(timestamp) }
      return { ...numbers, key, headers: Object.fromEntries(pairs), value }
    })
}
