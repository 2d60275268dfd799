import { type Program } from '../admission/program.ts'
import { type FieldReader, type Slot } from '../fields.ts'
import { addressAtoms } from './address-atoms.ts'
import { closureCompiler } from './closures.ts'
import { costOf } from './cost.ts'
import { FieldIndex } from './field-index.ts'
import { Frame } from './frame.ts'
import { chooseGates } from './gates.ts'
import { generateProbe, generateTests, loopProbe, type Probe } from './generate.ts'
import { Interner } from './intern.ts'
import { type FrameTest } from './leaf.ts'
import { itemsOf, type Node } from './node.ts'
import { normaliser } from './normalise.ts'
import { type Postings } from './postings.ts'
import { SlotTable } from './slots.ts'

/** All that it takes to look at events of one kind. */
export interface CompiledKind<Event> {
  readonly frame: Frame<Event>
  readonly probe: Probe<Event>
  /** Of each rule. */
  readonly tests: FrameTest[]
  readonly postings: Postings
  readonly guarded: Uint8Array
  /** Posting of the rules that every event may match. */
  readonly open: number | undefined
}

/** Compiles programs of one kind: normal form, gates and their tables, functions. */
export function compileKind<Event>(
  programs: readonly Program[],
  reader: FieldReader<Event>,
  generated: boolean,
): CompiledKind<Event> {
  const interner = new Interner()
  const slots = new SlotTable(reader)
  const normalise = normaliser(interner, slots)
  const nodes = programs.map(({ expression }) => normalise(expression))
  const { builder, atoms, guarded, open } = chooseGates(nodes, slot => slots.nameOf(slot))
  const probed = Array.from(atoms, ([slot, list]) => {
    const addresses = slots.addresses[slot] && addressAtoms(list)
    const index = new FieldIndex(addresses ?? list, builder)
    return { slot, read: slots.reads[slot] ?? absent, index, isAddress: addresses !== undefined }
  })
  const shared = sharedNodes(nodes)
  const isShared = (node: Node) => shared.has(node)
  const isKeywords = (slot: number) => slots.isKeywords(slot)
  const closures = () => nodes.map(closureCompiler(isShared, isKeywords))
  return {
    frame: new Frame(slots, interner.nodes.length),
    probe: generated ? generateProbe(probed) : loopProbe(probed),
    tests: generated ? generateTests(nodes, isShared, isKeywords) : closures(),
    postings: builder.build(),
    guarded,
    open,
  }
}

const absent: Slot<unknown> = () => undefined

/** Below this a node is answered again faster than remembered. */
const leastCost = 1.35

/** Nodes that several rules (or several places of one) need and that are worth remembering. */
function sharedNodes(roots: readonly Node[]): Set<Node> {
  const uses = new Map<Node, number>()
  const visit = (node: Node) => {
    const known = uses.get(node) ?? 0
    uses.set(node, known + 1)
    if (known === 0) for (const item of itemsOf(node)) visit(item)
  }
  for (const root of roots) visit(root)
  return new Set(
    Array.from(uses).flatMap(([node, count]) =>
      count > 1 && costOf(node) >= leastCost ? [node] : [],
    ),
  )
}
