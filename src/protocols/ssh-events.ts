import { type MessageEvent } from '../decode/message.ts'
import { PacketEvent } from '../decode/packet-event.ts'
import { type Conversation } from '../decode/reassembly.ts'
import { l7 } from '../decode/record.ts'
import { type Emit, type Protocol } from './protocol.ts'
import { decodeSsh, type SshHello } from './ssh.ts'

/** What one side of an SSH connection says at its start, and what is known of the other. */
export class SshEvent extends PacketEvent<'ssh'> {
  declare readonly action: 'ssh-client' | 'ssh-server'
  declare readonly client: SshHello | undefined
  declare readonly server: SshHello | undefined

  constructor(
    event: MessageEvent,
    action: SshEvent['action'],
    client: SshHello | undefined,
    server: SshHello | undefined,
  ) {
    super('ssh', event.packet)
    this.action = action
    this.client = client
    this.server = server
  }
}

interface Greeting {
  client: SshHello | undefined
  server: SshHello | undefined
  readonly told: { client: boolean; server: boolean }
}

export const ssh: Protocol = {
  l7: [l7.L7_SSH],
  open() {
    const greetings = new WeakMap<Conversation, Greeting>()

    function greetingOf(conversation: Conversation): Greeting {
      const known = greetings.get(conversation)
      if (known !== undefined) return known
      const made = {
        client: undefined,
        server: undefined,
        told: { client: false, server: false },
      }
      greetings.set(conversation, made)
      return made
    }

    return {
      grown(conversation, event, _began, emit) {
        const end = event.packet.fromResponder ? 'server' : 'client'
        const greeting = greetingOf(conversation)
        const hello = decodeSsh(conversation[end].bytes)
        if (greeting.told[end] || hello === undefined) return false
        greeting[end] = hello
        if (hello.kexInit !== undefined) tell(greeting, end, event, emit)
        return greeting.told.client && greeting.told.server
      },
      over(conversation, emit) {
        const greeting = greetings.get(conversation)
        if (greeting === undefined) return
        for (const end of ['client', 'server'] as const) {
          const { first } = conversation[end]
          if (first !== undefined) tell(greeting, end, first, emit)
        }
      },
    }
  },
}

function tell(greeting: Greeting, end: 'client' | 'server', event: MessageEvent, emit: Emit): void {
  const { client, server, told } = greeting
  if (told[end] || greeting[end] === undefined) return
  told[end] = true
  emit(new SshEvent(event, `ssh-${end}`, client, server))
}
