import { type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Witness, witness } from './witness.ts'

/** ms for the far side to end its half. */
const patience = 2000

/**
 * How a connection ended: `taken`: the far side read all of it and ended its half; `lost`: it broke;
 * `silent`: nobody knows, the far side did not end it in time.
 */
export type Parting = 'taken' | 'lost' | 'silent'

/**
 * Ends our half of a connection and waits for the far side's. A receiver that has read to the end
 * closes in turn; one that dies with something unread resets it. Its end alone does not say so much:
 * it may have ended the connection by itself while our last bytes were on their way to it. But then
 * its kernel answers those with a reset, so what counts is that the kernel here saw both ends through.
 */
export async function farewell(socket: Socket): Promise<Parting> {
  const kernel = witness(socket)
  const until = performance.now() + patience
  try {
    const end = ending(socket)
    socket.end()
    const parting = await end
    if (parting !== 'taken') return parting
    return kernel === undefined ? 'silent' : await seenThrough(kernel, until)
  } finally {
    socket.destroy()
    kernel?.close()
  }
}

function ending(socket: Socket): Promise<Parting> {
  return new Promise(resolve => {
    const done = (parting: Parting) => {
      clearTimeout(timer)
      resolve(parting)
    }
    const timer = setTimeout(() => done('silent'), patience)
    socket.once('end', () => done('taken'))
    socket.once('error', () => done('lost'))
    socket.once('close', () => done('lost'))
  })
}

/** The far side's close_notify comes before its FIN. */
async function seenThrough(kernel: Witness, until: number): Promise<Parting> {
  for (let pause = 1; ; pause *= 2) {
    const ending = kernel.look()
    if (ending !== 'open') return ending === 'both' ? 'taken' : 'lost'
    if (performance.now() > until) return 'silent'
    await sleep(Math.min(pause, 100))
  }
}
