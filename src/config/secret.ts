import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { inspect } from 'node:util'
import { SensorError } from '../errors.ts'
import { Type } from './type.ts'

const reference = /\$\{([^}]*)\}/g
const largest = 65_536

interface SecretOptions {
  readonly description: string
  readonly default?: string
  readonly examples?: readonly string[]
  readonly minLength?: number
}

/** An option whose value is never shown, and may be `${env:NAME}` or `${file:/path}`. */
export function secretText(options: SecretOptions) {
  return Type.String({ secret: true, ...options })
}

/** A text that must not reach a log, a status page or a dead letter; only `reveal` gives it away. */
export class Secret {
  readonly #text: string
  #value: string
  /** What must not be shown: all of it, and what of it gives it away; the longest first. */
  #telling: readonly string[]
  #version: string

  /** `text` may hold references. Throws CONFIG_INVALID, naming the reference but no value. */
  constructor(text: string) {
    this.#text = text
    this.#version = version(text)
    this.#value = resolve(text)
    this.#telling = tellingParts(text, this.#value)
  }

  /** The text itself; read anew when a file that it comes from has changed. */
  reveal(): string {
    const now = version(this.#text)
    if (now !== this.#version) {
      this.#value = resolve(this.#text)
      this.#telling = tellingParts(this.#text, this.#value)
      this.#version = now
    }
    return this.#value
  }

  /** `text` with every appearance of the secret taken out, also of its telling parts. */
  redact(text: string): string {
    return this.#telling.reduce((left, part) => left.replaceAll(part, '[secret]'), text)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** A shorter word is in too many texts that have nothing to do with it. */
const shortestWord = 8
const shortestSecret = 4

/**
 * A server that says what it was sent says a part: the path without the host, the token without its
 * `Bearer`. So each reference counts, each long word, and of a URL all but where it leads.
 */
function tellingParts(text: string, value: string): readonly string[] {
  const references = [...text.matchAll(reference)].map(([whole]) => resolve(whole))
  const parts = [value, ...references].filter(part => part.length >= shortestSecret)
  const words = [value, ...references].flatMap(wordsOf).filter(one => one.length >= shortestWord)
  return [...new Set([...parts, ...words])].sort((a, b) => b.length - a.length)
}

function wordsOf(value: string): string[] {
  if (!/^https?:/i.test(value) || !URL.canParse(value)) return value.split(/\s+/)
  const { pathname, search, hash, username, password } = new URL(value)
  const path = `${pathname}${search}`
  return [path, path.slice(1), ...`${path}${hash}`.split(/[/?&=#]/), username, password]
}

/** References in the order of the text; everything else stays. */
function resolve(text: string): string {
  return text.replace(reference, (whole, inside: string) => {
    const colon = inside.indexOf(':')
    const [kind, name] = [inside.slice(0, colon), inside.slice(colon + 1)]
    if (kind === 'env') return fromEnvironment(name)
    if (kind === 'file') return fromFile(name)
    throw wrong(whole, 'is no reference; it begins with `env:` or `file:`')
  })
}

function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') {
    throw wrong(
      `\${env:${name}}`,
      'is not set; export it, or put it into the service’s environment',
    )
  }
  return value
}

function fromFile(path: string): string {
  const value = readPrivate(path, `\${file:${path}}`).replace(/\r?\n$/, '')
  if (value === '') throw wrong(`\${file:${path}}`, 'is empty')
  return value
}

/** The text of a file that not everybody may read. Throws CONFIG_INVALID with the fix. */
export function readPrivate(path: string, what = `\`${path}\``): string {
  if (!path.startsWith('/')) throw wrong(what, 'must be an absolute path')
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (cause) {
    throw wrong(what, `cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
  try {
    // Of the open file: what the name leads to may change between a look and a read.
    const status = fstatSync(descriptor)
    if (!status.isFile()) throw wrong(what, 'is no regular file')
    if ((status.mode & 0o007) !== 0) {
      throw wrong(what, `may be read or written by everybody; \`chmod o= ${path}\` mends it`)
    }
    if (status.size > largest) throw wrong(what, `is larger than ${largest} bytes`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

/** Changes when one of the files behind the references does. */
function version(text: string): string {
  return [...text.matchAll(reference)]
    .map(([, inside = '']) => (inside.startsWith('file:') ? fileVersion(inside.slice(5)) : inside))
    .join(' ')
}

/** Changes when the file at `path` is written or replaced; empty when there is none. */
export function fileVersion(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true })
  return status === undefined ? '' : `${status.ino}.${status.mtimeNs}.${status.size}`
}

function wrong(what: string, why: string, cause?: unknown): SensorError {
  return new SensorError('CONFIG_INVALID', `secret \`${what.replaceAll('`', '')}\` ${why}`, {
    cause,
  })
}
