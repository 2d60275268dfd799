import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fetch } from 'undici'
import { type List } from './indicator-lists.ts'

const timeoutMs = 60_000
const largest = 256 * 1024 * 1024

/** What a server said of the copy that it gave. */
const tags = new Map<string, string>()

/**
 * Gets a list anew if it has changed; true when there is another copy. Throws a plain error that says
 * why there is none; the copy of before stays.
 */
export async function fetchList({ place, path }: List): Promise<boolean> {
  const url = new URL(place)
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !isLoopback) {
    throw new Error('it must begin with https://: whoever is in between could change the list')
  }
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(place, { signal, headers: await conditions(place, path) })
  if (response.status === 304) return false
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  const bytes = await bodyOf(response)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, bytes, { mode: 0o600 })
  await rename(`${path}.new`, path)
  const tag = response.headers.get('etag')
  if (tag === null) tags.delete(place)
  else tags.set(place, tag)
  return true
}

async function conditions(place: string, path: string): Promise<Record<string, string>> {
  const tag = tags.get(place)
  if (tag !== undefined) return { 'if-none-match': tag }
  const copy = await stat(path).catch(() => undefined)
  return copy === undefined ? {} : { 'if-modified-since': copy.mtime.toUTCString() }
}

async function bodyOf(response: Awaited<ReturnType<typeof fetch>>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size > largest) throw new Error(`it has more than ${largest} bytes`)
  }
  return Buffer.concat(chunks)
}
