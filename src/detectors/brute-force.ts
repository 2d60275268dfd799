import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { defineDetector } from './detector.ts'
import { Guesses } from './guesses.ts'
import { loginServiceOf } from './login-service.ts'
import { SshOpenings } from './ssh-opening.ts'

const schema = section('Guessing of passwords, by the pattern of sessions.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  window: duration({
    default: '5m',
    minDuration: '10s',
    maxDuration: '1h',
    description: 'Time in which sessions are counted.',
  }),
  attempts: Type.Number({
    default: 1,
    minimum: 0.1,
    maximum: 100,
    description:
      'Times as many sessions as usual for the service before it is told of: SSH, RDP, Telnet 10; VNC 8; FTP, SMB 15; databases, WinRM 20.',
  }),
  slow_attempts: Type.Integer({
    default: 60,
    minimum: 2,
    maximum: 1_000_000,
    description:
      'Sessions of two hosts that were no pair before, in a day, however slowly they come.',
  }),
  spray_hosts: Type.Integer({
    default: 5,
    minimum: 2,
    maximum: 100_000,
    description: 'Servers on which one host tries a few each, so that none has enough by itself.',
  }),
  pairs: Type.Integer({
    default: 16_384,
    minimum: 64,
    maximum: 4_194_304,
    description: 'Pairs of client and server that are watched at a time.',
  }),
})

/**
 * Who tries passwords (ATT&CK T1110) makes one short session after the other, each as long as it
 * takes to be refused. Who logs in does some work, and so has more to say.
 */
export const bruteForce = defineDetector({
  schema,
  signals: [
    {
      name: 'brute-force',
      when: 'Many sessions with a log-in service end as if nobody was let in.',
      evidence: {
        service: 'ssh, rdp, telnet, ftp, smb, vnc, mssql, mysql, postgresql or winrm',
        attempts: 'such sessions since the first; of a crowd, the passwords in them',
        seconds: 'from the first to the last',
        mean_bytes: 'what the server said in one, on average',
        deviation: 'how much that differs, as a share of the mean',
        hosts: 'servers, where one host tries several',
        sources: 'hosts that try, where many do at one server',
        manner:
          'fast, slow, spray (one host at many servers) or crowd (many hosts at one server, which is the entity then)',
      },
    },
    {
      name: 'brute-force-success',
      when: 'After guessing, a session of the same two hosts goes on as if somebody was let in.',
      evidence: {
        service: 'as above',
        attempts: 'sessions before it that were refused',
        bytes: 'what the server said in this one',
        mean_bytes: 'what it said in those before, on average',
      },
    },
  ],
  open(options, { signal, baselines, home }) {
    const guesses = new Guesses(limitsOf(options), { signal, baselines, home })
    const openings = new SshOpenings(options.pairs)
    return {
      on: { flow: event => look(event, guesses, openings), ssh: event => openings.take(event) },
      flows: ['update', 'end'],
      advance: time => {
        guesses.advance(time)
        openings.advance(time)
      },
      counts: () => guesses.counts,
    }
  },
})

function look(event: FlowEvent, guesses: Guesses, openings: SshOpenings): void {
  if (event.action === 'start' || event.destinationPayload === 0) return
  const service = loginServiceOf(event)
  if (service !== undefined) guesses.take(event, service, openings.of(event))
}

function limitsOf(options: Static<typeof schema>) {
  return {
    window: milliseconds(options.window) * 1000,
    factor: options.attempts,
    slow: options.slow_attempts,
    sprayHosts: options.spray_hosts,
    pairs: options.pairs,
  }
}
