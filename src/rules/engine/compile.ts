import { type Program } from '../admission/program.ts'
import { type FieldReader, type Slot } from '../fields.ts'
import { addressAtoms } from './address-atoms.ts'
import { ruleClosures } from './closures.ts'
import { costOf } from './cost.ts'
import { Aspects, EventClasses } from './event-classes.ts'
import { FieldIndex } from './field-index.ts'
import { Frame } from './frame.ts'
import { chooseGates } from './gates.ts'
import { generateTests } from './generate.ts'
import { Interner } from './intern.ts'
import { type FrameTest } from './leaf.ts'
import { itemsOf, type Node } from './node.ts'
import { normaliser } from './normalise.ts'
import { type Postings } from './postings.ts'
import { generateProbe, loopProbe, type Probe, type ProbePlan } from './probe.ts'
import { SlotTable } from './slots.ts'

/** All that it takes to look at events of one kind. */
export interface CompiledKind<Event> {
  readonly frame: Frame<Event>
  readonly probe: Probe<Event>
  /** Of each rule. */
  readonly tests: FrameTest[]
  readonly postings: Postings
  readonly guarded: Uint8Array
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
  const aspects = new Aspects(nodes, slots)
  const rules = nodes.map(node => aspects.part(node, interner))
  const gates = chooseGates(rules, slot => slots.nameOf(slot))
  const { builder, atoms, gated, guarded } = gates
  const probed = Array.from(atoms, ([slot, list]) => {
    const addresses = slots.addresses[slot] && addressAtoms(list)
    const index = new FieldIndex(addresses ?? list, builder)
    return { slot, read: slots.reads[slot] ?? absent, index, isAddress: addresses !== undefined }
  })
  const gatedIn = probed.map(({ slot }) => gates.rules.get(slot) ?? [])
  const plan: ProbePlan<Event> = {
    aspects: aspects.list.map(aspect => ({ aspect, read: slots.reads[aspect.slot] ?? absent })),
    classes: new EventClasses(aspects, rules, gated, gatedIn),
    probed,
  }
  const shared = sharedNodes(rules.map(({ rest }) => rest))
  const isShared = (node: Node) => shared.has(node)
  const isKeywords = (slot: number) => slots.isKeywords(slot)
  const closures = () => ruleClosures(rules, isShared, isKeywords)
  return {
    frame: new Frame(slots, interner.nodes.length),
    probe: generated ? generateProbe(plan) : loopProbe(plan),
    tests: generated ? generateTests(rules, isShared, isKeywords) : closures(),
    postings: builder.build(),
    guarded,
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
