import { setTimeout as sleep } from 'node:timers/promises'
import { type Fields } from '../../../src/alerts/ecs/document.ts'
import { type DocumentedEvent, eventDocument } from '../../../src/alerts/ecs.ts'
import { openLive } from '../../../src/capture/live.ts'
import { homeOf } from '../../../src/enrich/direction.ts'
import { eventHandler } from '../../../src/pipeline/events.ts'
import { Protocols } from '../../../src/protocols/protocols.ts'
import { capture } from '../../capture/support/options.ts'
import { type Lab } from './lab.ts'

const patience = 20_000

/** The sensor, in this process, on the sensor's end of a lab's wire; its documents as they come. */
export class Watcher {
  readonly documents: Fields[] = []
  readonly #source
  readonly #protocols: Protocols
  readonly #run: Promise<void>
  readonly #leave: () => void

  private constructor(lab: Lab) {
    this.#leave = lab.home.enter()
    this.#source = openLive({ capture: capture({ interfaces: ['w0'], ring_buffer: 4 }) })
    const context = { interfaceName: () => 'w0', direction: homeOf(['192.0.2.0/24']).direction }
    const keep = (event: DocumentedEvent) => this.documents.push(eventDocument(event, context))
    this.#protocols = new Protocols(keep)
    this.#run = this.#source.run(
      eventHandler(this.#source.clock, event => {
        this.#protocols.take(event)
        if (event.kind === 'flow') keep(event)
      }),
    )
  }

  /** Attached when it resolves; this thread stays in the sensor's namespace until it is disposed of. */
  static async open(lab: Lab): Promise<Watcher> {
    const watcher = new Watcher(lab)
    await watcher.#source.attach()
    return watcher
  }

  /** The documents about a server's port with this `event.action`, once there are `count`. */
  async actions(port: number, action: string, count = 1): Promise<Fields[]> {
    const found = () => this.documents.filter(one => isAbout(one, port, action))
    for (const end = Date.now() + patience; found().length < count; await sleep(20)) {
      if (Date.now() > end) throw new Error(`no ${count} ${action}:\n${JSON.stringify(found())}`)
    }
    return found()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.stop()
    await this.#run
    this.#leave()
  }
}

function isAbout({ destination, event }: Fields, port: number, action: string): boolean {
  return field(destination, 'port') === port && field(event, 'action') === action
}

function field(part: Fields[string], name: string): unknown {
  return Object.entries(part ?? {}).find(([key]) => key === name)?.[1]
}
