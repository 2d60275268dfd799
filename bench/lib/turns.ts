import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lab } from '../../test/live/support/lab.ts'

/** A link between the two namespaces of a lab: its device at home, and the address there. */
export interface Link {
  readonly device: string
  readonly address: string
}

/** What one turn of a transfer came to. */
export interface Turn {
  /** Bits a second that arrived. */
  readonly rate: number
  /** CPU time of both ends for each byte, the kernel's work for them included; ns. */
  readonly cost: number
}

const PORT = 5301
/** The server listens; a transfer has left slow start. */
const READY_MS = 300
const TURN_MS = 100

/**
 * iperf3 over each of these links, of which one at a time goes on, for a tenth of a second: whatever
 * else the machine does meets them all alike. Gives `rounds` lists of one turn a link, in the order
 * of the links; who begins changes from round to round.
 */
export async function takeTurns(
  lab: Lab,
  links: readonly Link[],
  rounds: number,
): Promise<Turn[][]> {
  const started: Transfer[] = []
  try {
    for (const link of links) {
      const transfer = new Transfer(lab, link, PORT + started.length)
      started.push(transfer)
      await transfer.start()
    }
    const turns: Turn[][] = []
    for (let round = 0; round < rounds; round++) turns.push(await takeRound(started, round))
    return turns
  } finally {
    for (const transfer of started) await transfer.end()
  }
}

async function takeRound(transfers: readonly Transfer[], round: number): Promise<Turn[]> {
  const turns: Turn[] = []
  for (const [step] of transfers.entries()) {
    const place = (round + step) % transfers.length
    const transfer = transfers[round % 2 === 0 ? place : transfers.length - 1 - place]
    if (transfer !== undefined) turns[transfers.indexOf(transfer)] = await transfer.turn()
  }
  return turns
}

class Transfer {
  readonly #lab: Lab
  readonly #link: Link
  readonly #port: string
  #ends: ChildProcess[] = []

  constructor(lab: Lab, link: Link, port: number) {
    this.#lab = lab
    this.#link = link
    this.#port = String(port)
  }

  /** Begins, and waits for its first turn. */
  async start(): Promise<void> {
    const { home, peer } = this.#lab
    const server = this.#iperf(home.name, ['-s'])
    this.#ends = [server]
    await sleep(READY_MS)
    const client = this.#iperf(peer.name, ['-c', this.#link.address, '-t', '3600'])
    this.#ends = [client, server]
    await sleep(READY_MS)
    client.kill('SIGSTOP')
  }

  async turn(): Promise<Turn> {
    const [client] = this.#ends
    const bytes = this.#received()
    const used = this.#used()
    const begun = performance.now()
    client?.kill('SIGCONT')
    await sleep(TURN_MS)
    client?.kill('SIGSTOP')
    const seconds = (performance.now() - begun) / 1000
    await sleep(TURN_MS / 20) // what is under way arrives
    const count = this.#received() - bytes
    return { rate: (8 * count) / seconds, cost: (this.#used() - used) / count }
  }

  async end(): Promise<void> {
    for (const one of this.#ends) {
      if (one.exitCode !== null || one.signalCode !== null) continue
      one.kill('SIGKILL')
      await once(one, 'exit')
    }
  }

  /** `ip netns exec` becomes the program: signals reach it. */
  #iperf(namespace: string, words: readonly string[]): ChildProcess {
    const child = execFile('ip', ['netns', 'exec', namespace, 'iperf3', '-p', this.#port, ...words])
    child.on('error', () => undefined) // no pid then, and the next reading says so
    return child
  }

  #received(): number {
    const text = readFileSync(`/proc/${this.#ends.at(-1)?.pid}/net/dev`, 'utf8')
    return Number(new RegExp(`^ *${this.#link.device}: *(\\d+)`, 'm').exec(text)?.[1])
  }

  #used(): number {
    return this.#ends.reduce((sum, { pid }) => sum + threads(pid), 0)
  }
}

/** ns that the threads of a process have run. */
function threads(pid: number | undefined): number {
  const folder = `/proc/${pid}/task`
  const ran = (id: string) => readFileSync(`${folder}/${id}/schedstat`, 'utf8').split(' ')[0]
  return readdirSync(folder).reduce((sum, id) => sum + Number(ran(id)), 0)
}
