import { closest } from '../../config/suggest.ts'
import { type Level, type Metadata, type Relation, type Status } from '../ast.ts'
import { type Faults, orList, quote } from '../fault.ts'
import { type MapNode, type Node } from '../yaml/node.ts'
import { Attributes, textOf } from './attributes.ts'

const statuses: readonly Status[] = ['stable', 'test', 'experimental', 'deprecated', 'unsupported']
const levels: readonly Level[] = ['informational', 'low', 'medium', 'high', 'critical']
const relations: readonly Relation[] = [
  'derived',
  'obsolete',
  'merged',
  'renamed',
  'similar',
  'correlation',
]

/** Attributes of Sigma, in any kind of document. */
const known = [
  'title',
  'id',
  'name',
  'taxonomy',
  'status',
  'level',
  'description',
  'license',
  'author',
  'date',
  'modified',
  'related',
  'references',
  'tags',
  'fields',
  'falsepositives',
  'scope',
  'logsource',
  'detection',
  'correlation',
  'filter',
  'generate',
]

const isKnown: ReadonlySet<string> = new Set(known)

/** The descriptive attributes of a document. */
export function parseMetadata(map: MapNode, faults: Faults): Metadata {
  const read = new Attributes(map, faults)
  return {
    title: read.demanded('title', 256) ?? '',
    id: parseId(read, faults),
    name: read.text('name', 256),
    taxonomy: read.text('taxonomy', 256) ?? 'sigma',
    status: read.word('status', statuses),
    level: read.word('level', levels),
    description: read.text('description', 65_535),
    license: read.text('license', 256),
    author: read.text('author', 65_535),
    date: parseDate('date', read, faults),
    modified: parseDate('modified', read, faults),
    related: parseRelated(map, faults),
    references: read.texts('references'),
    tags: parseTags(read, faults),
    fields: read.texts('fields'),
    falsepositives: read.texts('falsepositives'),
    scope: read.texts('scope'),
    custom: parseCustom(map, faults),
  }
}

function parseId(read: Attributes, faults: Faults): string | undefined {
  const id = read.text('id', 256)
  if (id !== undefined && !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    faults.warn(read.offset('id'), `${quote(id)} is no UUID; other tools refuse it`)
  }
  return id
}

function parseDate(name: string, read: Attributes, faults: Faults): string | undefined {
  const text = read.text(name, 64)
  if (text !== undefined && !/^\d{4}[-/]\d{1,2}[-/]\d{1,2}$/.test(text)) {
    faults.warn(read.offset(name), `\`${name}\` is written YYYY-MM-DD, not ${quote(text)}`)
  }
  return text
}

function parseTags(read: Attributes, faults: Faults): readonly string[] {
  const tags = read.texts('tags')
  for (const tag of tags) {
    if (/^[a-z0-9_-]+\.[a-z0-9._-]+$/.test(tag)) continue
    const text = `the tag ${quote(tag)} is not written \`namespace.name\` in lower case`
    faults.warn(read.offset('tags'), text)
  }
  if (new Set(tags).size < tags.length) faults.warn(read.offset('tags'), 'a tag stands there twice')
  return [...new Set(tags)]
}

function parseRelated(map: MapNode, faults: Faults): Metadata['related'] {
  const node = map.entries.get('related')?.value
  if (node === undefined || (node.type === 'scalar' && node.value === null)) return []
  if (node.type !== 'list') {
    faults.error(node.offset, '`related` is a list of `id` and `type`')
    return []
  }
  return node.items.flatMap(item => parseRelation(item, faults) ?? [])
}

function parseRelation(item: Node, faults: Faults) {
  if (item.type !== 'map')
    return faults.error(item.offset, '`related` holds maps of `id` and `type`')
  const read = new Attributes(item, faults)
  const id = read.demanded('id', 256)
  const word = read.demanded('type', 64)
  // Sigma 1 wrote `obsoletes`.
  const type = relations.find(one => one === (word === 'obsoletes' ? 'obsolete' : word))
  if (id === undefined || word === undefined) return undefined
  if (type !== undefined) return { id, type }
  const message = `${quote(word)} is no relation; allowed are ${orList(relations)}`
  return faults.error(read.offset('type'), message)
}

/** Custom attributes are legal; one that is nearly a known one is likely a slip. */
function parseCustom(map: MapNode, faults: Faults): ReadonlyMap<string, Node> {
  const custom = new Map<string, Node>()
  for (const [name, { offset, value }] of map.entries) {
    if (isKnown.has(name)) continue
    custom.set(name, value)
    const near = closest(name, known)
    if (near === undefined || name.includes('.') || textOf(value) === '') continue
    faults.warn(offset, `the attribute ${quote(name)} is unknown; did you mean \`${near}\`?`)
  }
  return custom
}
