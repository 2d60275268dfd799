import { describe, expect, test } from 'vitest'
import { accept, imbalance, open } from '../outbox/harness.ts'
import { bothSides } from '../sinks/support/certificates.ts'
import { openSink } from '../sinks/support/open.ts'
import { until } from '../sinks/support/process.ts'
import { receivers } from '../sinks/support/syslog-receivers.ts'
import { openTemporary } from '../storage/open.ts'
import { randomFrom, rounds, seed } from './rounds.ts'
import { idsOf, Seen, tailOf } from './seen.ts'

const { ca, server } = bothSides()
const secure = { ...server, ca: ca.cert, mutual: false }
const most = 2_000_000
const pause = (ms: number) => new Promise(done => setTimeout(done, ms))

describe.each(receivers)('T22: $name over TLS', ({ name, start }) => {
  test.each([400, 5000, 20_000])(
    `killed ${rounds} times, half of them after a stall, by %i alerts a second, SEED=${seed}`,
    async perSecond => {
      const random = randomFrom(seed)
      const receiver = await start({ transport: 'tls', tls: secure })
      const sink = await openSink('syslog', {
        host: '127.0.0.1',
        port: receiver.port,
        tls: { ca: ca.cert },
      })
      const outbox = await open(await openTemporary(), { sink })
      let made = 0
      let isOver = false
      const load = (async () => {
        const begin = performance.now()
        while (!isOver) {
          const due = Math.floor(((performance.now() - begin) / 1000) * perSecond)
          const some = Math.min(2000, due - made, most - made)
          const ids = Array.from({ length: some }, (_, n) => `a${made + n}`)
          made += ids.length
          await accept(outbox, ids, { size: 600 })
          await pause(3)
        }
      })()
      for (let round = 0; round < rounds; round++) {
        await pause(300 + 700 * random())
        if (round % 2 === 1) {
          receiver.kill('SIGSTOP')
          await pause(600 * random())
        }
        receiver.kill('SIGKILL')
        await receiver.restart()
      }
      isOver = true
      await load
      await until(
        () => outbox.status.sinks['sink']?.pending === 0,
        () => JSON.stringify(outbox.status.sinks['sink']),
        180_000,
      )
      const seen = new Seen(most)
      const read = tailOf(
        receiver.out,
        idsOf(/"id": *"(a\d+)"/, id => seen.add(id)),
      )
      await until(
        () => {
          read()
          return seen.size === made
        },
        () => `${seen.size} of ${made} at ${name}`,
      )
      process.stdout.write(`  ${name}: ${made} alerts, ${rounds} kills, ${seen.doubles} twice\n`)
      expect(imbalance(outbox)).toEqual([])
      await outbox.close(3000)
    },
    240_000 + rounds * 10_000,
  )
})
