import { toUSVString } from 'node:util'
import { type Document } from '../../alerts/alert.ts'
import { SensorError } from '../../errors.ts'
import { valueAt } from '../fields.ts'
import { plainText } from './plain-text.ts'

const placeholder = /\{\{\s*([\w.@-]*)\s*\}\}/g
const exactly = /^\{\{\s*([\w.@-]*)\s*\}\}$/

type Render = (document: Document) => string

/**
 * A JSON text whose texts may hold `{{path.of.a.field}}`: alone, the field as it is (null when it
 * is missing); inside other text, its words. `{{.}}` is the whole document. The template is parsed
 * before anything is put in, so a field stays a value whatever it holds. Throws CONFIG_INVALID.
 */
export function jsonTemplate(text: string): Render {
  let shape: unknown
  try {
    shape = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SensorError('CONFIG_INVALID', `the template is no JSON: ${why}`, { cause })
  }
  checkBraces(text)
  return document => JSON.stringify(filled(shape, document))
}

/** Text with `{{path.of.a.field}}` in it, each put in as `encode` writes it. Throws CONFIG_INVALID. */
export function textTemplate(text: string, encode: (value: string) => string = plainText): Render {
  checkBraces(text)
  return document =>
    text.replace(placeholder, (_, path: string) => encode(words(field(document, path))))
}

/** Values as `application/x-www-form-urlencoded` writes them. */
export function formTemplate(text: string): Render {
  return textTemplate(text, value => encodeURIComponent(toUSVString(value)))
}

function filled(shape: unknown, document: Document): unknown {
  if (typeof shape === 'string') {
    const [, path] = exactly.exec(shape) ?? []
    if (path !== undefined) return field(document, path) ?? null
    return shape.replace(placeholder, (_, inner: string) => words(field(document, inner)))
  }
  if (Array.isArray(shape)) return shape.map(one => filled(one, document))
  if (typeof shape !== 'object' || shape === null) return shape
  return Object.fromEntries(
    Object.entries(shape).map(([name, one]) => [name, filled(one, document)]),
  )
}

function field(document: Document, path: string): unknown {
  return path === '.' ? document : valueAt(document, path.split('.'))
}

function words(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function checkBraces(text: string): void {
  const wrong = text.replace(placeholder, '').match(/.{0,10}\{\{.{0,20}/)
  const empty = /\{\{\s*\}\}/.test(text)
  if (wrong === null && !empty) return
  const where = wrong?.[0].trim() ?? '{{}}'
  throw new SensorError('CONFIG_INVALID', `\`${where}\` is no field; write {{rule.name}}`)
}
