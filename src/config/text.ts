import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { type Fault } from './fault.ts'

const largest = 1 << 20

/** The text of a configuration file, or the fault that keeps it from being one. */
export function readText(file: string): string | Fault {
  const refuse = (message: string): Fault => ({ file, line: 1, column: 1, message })
  let bytes: Buffer
  try {
    const stat = statSync(file)
    if (stat.isDirectory()) return refuse('is a directory; name the YAML file in it')
    if (!stat.isFile()) return refuse('is not a regular file')
    if (stat.size > largest) return refuse(`is ${stat.size} bytes long, allowed are ${largest}`)
    bytes = readFileSync(file)
  } catch (error) {
    return refuse(unreadable(error))
  }
  if (bytes.length === 0) return refuse('is empty; leave out `--config` to run with the defaults')
  if (bytes.includes(0) || !isUtf8(bytes)) return notText(file, bytes)
  return bytes.toString('utf8').replace(/^\ufeff/, '')
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return 'no such file; `config.example.yaml` shows what one looks like'
  }
  if (code === 'EACCES') return 'may not be read by this user; `ls -l` shows who may'
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
}

function notText(file: string, bytes: Buffer): Fault {
  let good = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, end + 1)) {
    const part = bytes.subarray(good, end)
    if (part.includes(0) || !isUtf8(part)) break
    good = end + 1
  }
  const line = bytes.subarray(0, good).filter(byte => byte === 0x0a).length + 1
  return { file, line, column: 1, message: 'is not UTF-8 text from here on; save it as UTF-8' }
}
