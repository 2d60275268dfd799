import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { duration } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { SensorError } from '../errors.ts'
import { isDue, rotate, rotationOf } from './file/rotation.ts'
import { syncDirectory } from './file/sync.ts'
import { defineSink } from './sink.ts'
import { repairLastLine } from './torn-line.ts'

const schema = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      description: 'File that each alert is appended to as one JSON line; SIGHUP opens it anew.',
      examples: ['/var/log/orthrus/alerts.jsonl'],
    }),
    rotate_size: Type.Integer({
      minimum: 0,
      maximum: 1_048_576,
      default: 0,
      description: 'MiB after which a new file is begun; 0 leaves that to logrotate.',
    }),
    rotate_every: duration({
      default: '0',
      maxDuration: '366d',
      description: 'Time after which a new file is begun, by the clock in UTC; 0 for never.',
    }),
    keep: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 7,
      description: 'Old files that are kept, the newest as `.1`.',
    }),
  },
  { additionalProperties: false, description: 'A file of JSON lines.' },
)

export const fileSink = defineSink(schema, async options => {
  const path = resolve(options.path)
  const rotation = rotationOf(options)
  let file: AlertFile | undefined = await openFile(path)
  // One after the other: a SIGHUP must not close the file under a write.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
  const renew = async () => {
    const old = file
    file = undefined
    await old?.handle.close()
    file = await openFile(path)
    return file
  }
  return {
    limits: { alerts: 1024, bytes: 1024 * 1024 },
    answer: () => `written and synced to ${path}`,
    send: batch =>
      inTurn(async () => {
        const text = batch.map(alert => `${alert.json}\n`).join('')
        let current = file !== undefined && (await isStill(path, file)) ? file : await renew()
        if (current.regular && (await isDue(current.handle, Buffer.byteLength(text), rotation))) {
          await rotate(path, rotation.keep)
          current = await renew()
        }
        await append(path, current, text)
      }),
    reopen: () => inTurn(async () => void (await renew())),
    check: () => inTurn(async () => (await openFile(path)).handle.close()),
    close: () =>
      inTurn(async () => {
        await file?.handle.close()
        file = undefined
      }),
  }
})

interface AlertFile {
  readonly handle: FileHandle
  readonly device: number
  readonly inode: number
  /** False for /dev/null and the like, which keep nothing. */
  readonly regular: boolean
}

const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants

async function openFile(path: string): Promise<AlertFile> {
  try {
    const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640)
    try {
      const status = await handle.stat()
      // A write into it waits for its reader, and then keeps the whole process from ending.
      if (status.isFIFO())
        throw new Error('it is a FIFO; name a file, or pipe a sink of type console')
      const regular = status.isFile()
      if (regular) await repairLastLine(handle, status.size)
      if (regular && status.size === 0) await syncDirectory(dirname(path))
      return { handle, device: status.dev, inode: status.ino, regular }
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (error) {
    throw unavailable(path, error)
  }
}

/** Whether the path still leads to the open file: false after a rotation. */
async function isStill(path: string, { device, inode }: AlertFile): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status?.dev === device && status.ino === inode
}

/** All of `text` is on the disk, or as far as possible nothing of it. */
async function append(path: string, { handle, regular }: AlertFile, text: string): Promise<void> {
  const before = regular ? (await handle.stat()).size : 0
  try {
    await handle.appendFile(text)
    if (regular) await handle.sync()
  } catch (error) {
    // A half-written line would run into the next alert.
    if (regular) await handle.truncate(before).catch(() => undefined)
    throw unavailable(path, error)
  }
}

function unavailable(path: string, cause: unknown): SensorError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SensorError(
    'SINK_UNAVAILABLE',
    `cannot write to \`${path}\`: ${fix(code, path) ?? why}`,
    {
      cause,
    },
  )
}

function fix(code: string, path: string): string | undefined {
  const directory = dirname(path)
  switch (code) {
    case 'ENOENT':
      return `no such directory; \`mkdir -p ${directory}\` makes it`
    case 'ENOTDIR':
      return `\`${directory}\` is no directory`
    case 'EISDIR':
      return 'it is a directory; name a file in it'
    case 'ELOOP':
      return 'it is a symbolic link, which is not followed; name the file that it leads to'
    case 'EACCES':
    case 'EPERM':
      return `not permitted for user ${process.getuid?.() ?? '?'}; make \`${directory}\` writable for it`
    case 'ENOSPC':
      return 'no space left on the disk'
    default:
      return undefined
  }
}
