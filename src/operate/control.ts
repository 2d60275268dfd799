import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ErrorCode, isErrorCode, SensorError } from '../errors.ts'

/*
 * One request a connection, as a line of JSON: {"command": "devices", "args": {…}}. The answer is a
 * line for each item, {"item": …}, then {"done": true} or {"error": {"code", "message"}}.
 */

export type Arguments = Readonly<Record<string, unknown>>

/** Answers one command; what it throws goes to the one who asked. */
export type ControlHandler = (args: Arguments) => Iterable<unknown> | AsyncIterable<unknown>

export type ControlHandlers = Readonly<Record<string, ControlHandler>>

export interface ControlServer {
  close(): Promise<void>
}

const longestRequest = 65_536
/** `sun_path` of <sys/un.h>, its final zero taken off. */
const longestPath = 107
const patienceMs = 10_000

/**
 * Lets commands talk to this sensor over a Unix socket in its state directory, which nobody but its
 * user can open. Whoever calls it has the directory to itself: a socket that lies there is a dead
 * one's. Throws STATE_UNUSABLE.
 */
export async function serveControl(
  directory: string,
  handlers: ControlHandlers,
): Promise<ControlServer> {
  const path = socketPath(directory)
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // One who asks and hangs up is no fault of ours.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(patienceMs, () => socket.destroy())
    void answer(socket, handlers)
  })
  await listen(server, path)
  chmodSync(path, 0o600)
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      rmSync(path, { force: true })
    },
  }
}

/**
 * Asks the sensor that has this state directory; yields what it answers. `undefined` when none
 * runs. Throws what the sensor says is wrong.
 */
export async function request(
  directory: string,
  command: string,
  args: Arguments = {},
): Promise<AsyncIterable<unknown> | undefined> {
  const socket = connect(socketPath(directory))
  try {
    await once(socket, 'connect')
  } catch (error) {
    socket.destroy()
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined
    throw new SensorError('STATE_UNUSABLE', `cannot talk to the sensor: ${String(error)}`, {
      cause: error,
    })
  }
  socket.write(`${JSON.stringify({ command, args })}\n`)
  return items(socket)
}

function socketPath(directory: string): string {
  const path = join(directory, 'control.sock')
  if (Buffer.byteLength(path) <= longestPath) return path
  throw new SensorError(
    'STATE_UNUSABLE',
    `the path \`${path}\` is too long for a socket (${longestPath} bytes); choose a shorter \`state.directory\``,
  )
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new SensorError('STATE_UNUSABLE', `cannot listen on \`${path}\`: ${String(cause)}`, {
      cause,
    })
  }
}

async function answer(socket: Socket, handlers: ControlHandlers): Promise<void> {
  try {
    const { command, args } = await readRequest(socket)
    const handler = Object.hasOwn(handlers, command) ? handlers[command] : undefined
    if (handler === undefined) {
      const known = Object.keys(handlers).join(', ')
      throw new SensorError('USAGE', `the sensor knows no command \`${command}\`, only ${known}`)
    }
    for await (const item of handler(args)) await send(socket, { item })
    await send(socket, { done: true })
  } catch (error) {
    if (socket.destroyed) return // nobody is left to be told
    const code = error instanceof SensorError ? error.code : 'INTERNAL'
    const message = error instanceof Error ? error.message : String(error)
    await send(socket, { error: { code, message } })
  }
  socket.end()
}

async function readRequest(socket: Socket): Promise<{ command: string; args: Arguments }> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.includes('\n') || text.length > longestRequest) break
  }
  try {
    const { command, args = {} } = JSON.parse(text) as { command?: unknown; args?: unknown }
    if (typeof command === 'string' && typeof args === 'object' && args !== null) {
      return { command, args: args as Arguments }
    }
  } catch {
    // Not JSON, or cut: the same answer as to JSON that is no request.
  }
  throw new SensorError('USAGE', 'a request is one line of JSON with `command` and `args`')
}

/** Waits for whoever reads slowly, so that a long answer is never all in memory. */
async function send(socket: Socket, line: object): Promise<void> {
  if (socket.destroyed) throw new SensorError('INTERNAL', 'whoever asked has hung up')
  if (!socket.write(`${JSON.stringify(line)}\n`)) {
    await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
}

async function* items(socket: Socket): AsyncIterable<unknown> {
  try {
    for await (const line of createInterface({
      input: socket,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      const { item, done, error } = JSON.parse(line) as {
        item?: unknown
        done?: true
        error?: { code: string; message: string }
      }
      if (error !== undefined) throw new SensorError(codeOf(error.code), error.message)
      if (done) return
      yield item
    }
  } catch (cause) {
    // A sensor that ends cuts the connection.
    throw cause instanceof SensorError ? cause : hungUp(cause)
  } finally {
    socket.destroy()
  }
  throw hungUp()
}

function hungUp(cause?: unknown): SensorError {
  const message = 'the sensor hung up before it had answered'
  return new SensorError('STATE_UNUSABLE', message, { cause })
}

function codeOf(text: string): ErrorCode {
  return isErrorCode(text) ? text : 'INTERNAL'
}
