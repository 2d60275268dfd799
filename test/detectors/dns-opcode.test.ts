import { expect, test } from 'vitest'
import { client, operation } from './names.ts'
import { signals } from './replayed.ts'

const named = (told: Awaited<ReturnType<typeof signals>>) =>
  told.map(one => one.orthrus.signal).filter(one => one.name === 'dns-opcode')

test.each([
  ['an inverse query', 1, '192.168.1.1', 'IQUERY'],
  ['a status request', 2, '192.168.1.1', 'STATUS'],
  ['an update that leaves the network', 5, '203.0.113.53', 'UPDATE'],
])('%s is told', async (_, opcode, server, text) => {
  expect(named(await signals(operation(0, opcode, server)))).toMatchObject([
    { entity: client, evidence: { opcode: text, server } },
  ])
})

test.each([
  ['a question', 0, '203.0.113.53'],
  ['a notification', 4, '203.0.113.53'],
  ['an update of the own zone', 5, '192.168.1.1'],
])('%s is not', async (_, opcode, server) => {
  expect(named(await signals(operation(0, opcode, server)))).toEqual([])
})
