import { type LookupAddress } from 'node:dns'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { addressFault, guardedLookup } from '../../../src/sinks/http/address.ts'
import { alert } from '../alert.ts'
import { openSink } from '../support/open.ts'
import { startReceiver } from '../support/receiver.ts'

/** Spellings of places that no alert goes to unless it is allowed; `#` stands for the port. */
const loopback = [
  'http://127.0.0.1:#/',
  'http://127.1:#/',
  'http://127.0.1:#/',
  'http://2130706433:#/',
  'http://0x7f000001:#/',
  'http://0x7f.1:#/',
  'http://017700000001:#/',
  'http://0177.0.0.1:#/',
  'http://127.0.0.1.:#/',
  'http://１２７.0.0.1:#/',
  'http://127。0。0。1:#/',
  'http://localhost:#/',
  'http://LOCALHOST:#/',
  'http://[::1]:#/',
  'http://[0:0:0:0:0:0:0:1]:#/',
  'http://[::ffff:127.0.0.1]:#/',
  'http://[::ffff:7f00:1]:#/',
  'http://[0:0:0:0:0:ffff:7f00:0001]:#/',
  'http://[::127.0.0.1]:#/',
  'http://[64:ff9b::127.0.0.1]:#/',
  'http://[2002:7f00:1::]:#/',
  'http://10.0.0.1:#/',
  'http://172.31.255.254:#/',
  'http://192.168.1.1:#/',
  'http://100.64.0.1:#/',
  'http://[fc00::1]:#/',
]
const never = [
  'http://169.254.169.254:#/latest/meta-data/',
  'http://2852039166:#/',
  'http://0xa9fea9fe:#/',
  'http://[::ffff:169.254.169.254]:#/',
  'http://[::ffff:a9fe:a9fe]:#/',
  'http://[64:ff9b::a9fe:a9fe]:#/',
  'http://[2002:a9fe:a9fe::]:#/',
  'http://[fd00:ec2::254]:#/',
  'http://[fe80::1]:#/',
  'http://0.0.0.0:#/',
  'http://0:#/',
  'http://[::]:#/',
  'http://224.0.0.1:#/',
  'http://255.255.255.255:#/',
  'http://[ff02::1]:#/',
  'http://100.100.100.200:#/',
]

async function attempt(url: string, allowPrivate: boolean): Promise<void> {
  const sink = await openSink('webhook', {
    url,
    allow_http: true,
    allow_private: allowPrivate,
    timeout: '2s',
  })
  await sink.send([alert(1)])
}

test('no spelling of a loopback or private address gets a connection', async () => {
  let connections = 0
  const server = createServer(socket => {
    connections++
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  for (const url of loopback) {
    await expect(attempt(url.replace('#', `${port}`), false), url).rejects.toMatchObject({
      fault: 'configuration',
    })
  }
  for (const url of never) {
    await expect(attempt(url.replace('#', `${port}`), true), url).rejects.toMatchObject({
      fault: 'configuration',
    })
  }
  expect(connections).toBe(0)
})

test.each([
  'ftp://hooks.example/',
  'file:///etc/passwd',
  'gopher://x/',
  'hooks.example',
  'http://hooks.example/',
  'https://user:pass@hooks.example/',
  '',
])('the URL %j is refused at the start', async url => {
  await expect(openSink('webhook', { url })).rejects.toMatchObject({
    code: expect.stringMatching(/SINK_MISCONFIGURED|CONFIG_INVALID/),
  })
})

test('a redirect to a metadata service is not followed', async () => {
  const { url, received } = await startReceiver(response =>
    response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
  )
  await expect(attempt(url, true)).rejects.toMatchObject({
    fault: 'configuration',
    message: expect.stringContaining('not followed'),
  })
  expect(received.length).toBe(1)
})

const resolved = (addresses: readonly LookupAddress[], all: boolean, allowPrivate = false) =>
  new Promise<unknown>((resolve, reject) => {
    const lookup = guardedLookup({ allowPrivate }, (_, __, callback) =>
      callback(null, [...addresses]),
    )
    lookup('name.example', { all }, (error, found) => (error ? reject(error) : resolve(found)))
  })

test('a name gives only addresses that are allowed, at each resolution', async () => {
  const good = { address: '203.0.113.7', family: 4 }
  const bad = { address: '10.0.0.1', family: 4 }
  expect(await resolved([bad, good], true)).toEqual([good])
  expect(await resolved([bad, good], false)).toBe('203.0.113.7')
  expect(await resolved([bad], true, true)).toEqual([bad])
  await expect(resolved([bad], true)).rejects.toMatchObject({ code: 'ORTHRUS_ADDRESS_REFUSED' })
  await expect(
    resolved([{ address: '::ffff:169.254.169.254', family: 6 }], false, true),
  ).rejects.toThrow('metadata')
})

test('public addresses pass', () => {
  for (const address of [
    '203.0.113.7',
    '8.8.8.8',
    '2001:db8::1',
    '[2606:4700::1111]',
    '::ffff:8.8.8.8',
  ]) {
    expect(addressFault(address, { allowPrivate: false }), address).toBeUndefined()
  }
})
