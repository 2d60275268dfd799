import { Worker } from 'node:worker_threads'
import { SensorError } from '../errors.ts'
import { builtFile } from './built.ts'
import { type Reply, type Request } from './operation.ts'

/** The writer thread as the main thread sees it: one request at a time, one reply each. */
export interface WriterThread {
  request(request: Request): Promise<Reply>
  /** Ends the thread, whatever it is doing. */
  stop(): Promise<void>
}

/** Starts the thread on the environment at `path`; resolves when it is open, else rejects. */
export async function startWriter(path: string): Promise<WriterThread> {
  const worker = new Worker(builtFile('writer'), {
    workerData: { path },
    name: 'memory',
    // Flags such as -e or --input-type are for the main script.
    execArgv: [],
  })
  const waiting: Waiting[] = []
  const settle = (reply: Reply) => waiting.shift()?.resolve(reply)
  let dead: SensorError | undefined
  const die = (cause: unknown) => {
    dead ??= new SensorError('STATE_UNUSABLE', 'the writer thread ended by itself', { cause })
    for (const one of waiting.splice(0)) one.reject(dead)
  }
  const next = () => new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject }))
  worker.on('message', settle)
  worker.on('error', die)
  worker.on('exit', die)
  const opened = await next()
  if (opened.kind !== 'ready') {
    await worker.terminate()
    throw opened.kind === 'failed' ? new ReplyError(opened) : new Error(opened.kind)
  }
  return {
    request: request => {
      if (dead !== undefined) return Promise.reject(dead)
      const reply = next()
      worker.postMessage(request)
      return reply
    },
    stop: async () => {
      await worker.terminate()
    },
  }
}

/** What LMDB said in the writer thread, with its code. */
export class ReplyError extends Error {
  readonly code: number | string | undefined
  constructor(reply: Extract<Reply, { kind: 'failed' }>) {
    super(reply.message)
    this.code = reply.code
  }
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}
