import { type Family } from '../family.ts'
import { type ProcessCounts } from '../process.ts'

const of = (
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: (counts: ProcessCounts) => number,
): Family => ({ type, name, help, read: now => [[value(now.process)]] })

/** What the process takes; names that begin with `process_` are those of every exporter. */
export const processFamilies: readonly Family[] = [
  {
    type: 'gauge',
    name: 'build_info',
    help: 'Always 1, with the version of the sensor.',
    labels: ['version'],
    read: ({ process: { version } }) => [[1, { version }]],
  },
  of('counter', 'process_cpu_seconds_total', 'CPU time, user and system.', one => one.cpuSeconds),
  of(
    'gauge',
    'process_start_time_seconds',
    'When it started, since the Unix epoch.',
    one => one.startTime,
  ),
  of('gauge', 'process_resident_memory_bytes', 'Memory in RAM.', one => one.residentBytes),
  of('gauge', 'process_open_fds', 'Open files and sockets.', one => one.openFiles),
  of(
    'gauge',
    'anonymous_memory_bytes',
    'Memory in RAM without mapped files, of which the outbox is one.',
    one => one.anonymousBytes,
  ),
  of('gauge', 'heap_bytes', 'JavaScript objects.', one => one.heapBytes),
]
