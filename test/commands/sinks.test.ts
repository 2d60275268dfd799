import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startReceiver } from '../sinks/support/receiver.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { orthrus } from './orthrus.ts'

function configOf(sinks: object): string {
  const path = join(temporaryDirectory(), 'orthrus.yaml')
  writeFileSync(path, JSON.stringify({ sinks }))
  return path
}

test('sinks test sends an alert and says what the far side answered', async () => {
  const { url, received } = await startReceiver(response =>
    response.writeHead(202).end('queued as 17'),
  )
  const config = configOf({ siem: { type: 'webhook', url, allow_http: true, allow_private: true } })
  const { status, stdout } = await orthrus(['sinks', 'test', 'siem', '-c', config, '-o', 'text'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^siem \(webhook\): took the alert in \d+ ms\n/)
  expect(stdout).toContain('answered 202 queued as 17')
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    labels: { test: 'true' },
    event: { id: received[0]?.headers['webhook-id'], action: 'sink-test' },
  })
})

test('sinks test says what went wrong and whose fault it is, without the secret', async () => {
  const { url } = await startReceiver(response => response.writeHead(403).end('go away'))
  const config = configOf({
    siem: { type: 'webhook', url: `${url}/canary`, allow_http: true, allow_private: true },
  })
  const { status, stdout, stderr } = await orthrus(['sinks', 'test', 'siem', '-c', config])
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    sink: 'siem',
    taken: false,
    fault: 'configuration',
    answer: expect.stringContaining('answered 403: go away; the credentials'),
  })
  expect(stdout + stderr).not.toContain('canary')
})

test('sinks test names the sinks there are', async () => {
  const config = configOf({ screen: { type: 'console' } })
  const { status, stderr } = await orthrus(['sinks', 'test', 'siem', '-c', config])
  expect(status).toBe(2)
  expect(stderr).toContain('no sink `siem` in the configuration; it has screen')
})
