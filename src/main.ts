import { errorText, main, wantsStack } from './commands/program.ts'
import { type Session } from './commands/session.ts'
import { createLog } from './operate/log.ts'

const argv = process.argv.slice(2)
const debug = wantsStack(argv)
const stop = new AbortController()
const hurry = new AbortController()

/** Ctrl-C and SIGTERM ask for a clean end; asking twice for a quick one; a third time just ends it. */
function onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
  if (hurry.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
  if (stop.signal.aborted) hurry.abort(signal)
  stop.abort(signal)
}

function onCrash(error: unknown): void {
  process.stderr.write(`${errorText(error, debug)}\n`)
  process.exit(1)
}

// `orthrus run | head -1` is no failure: the reader has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') onCrash(error)
  stop.abort('EPIPE')
})
process.stderr.on('error', () => undefined)
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
process.on('uncaughtException', onCrash)
process.on('unhandledRejection', onCrash)

const session: Session = {
  stdout: process.stdout,
  stderr: process.stderr,
  log: createLog({ level: debug ? 'debug' : 'info' }),
  debug,
  stop: stop.signal,
  hurry: hurry.signal,
  status: 0,
}
const status = await main(argv, session)
// A pipe takes what its reader has room for; the rest waits here, and exit would drop it.
const taken = Promise.all([written(process.stdout), written(process.stderr)])
await Promise.race([taken, outOfPatience(stop.signal)])
process.exit(status)

/** Whoever was told to end waits a second for a reader, not for ever. */
function outOfPatience(told: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const begin = () => setTimeout(resolve, 1000)
    if (told.aborted) begin()
    else told.addEventListener('abort', begin)
  })
}

/** Resolves when everything before was taken, or when nobody reads any more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    stream.write('', () => resolve())
  })
}
