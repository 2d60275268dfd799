import { type Parted } from './event-classes.ts'
import { type Frame } from './frame.ts'
import { type FrameTest, leafTest } from './leaf.ts'
import { isLeaf, type Node } from './node.ts'

/** Nodes as closures, for where code may not be made from texts; shared ones answer once an event. */
function closureCompiler(
  isShared: (node: Node) => boolean,
  isKeywords: (slot: number) => boolean,
): (node: Node) => FrameTest {
  const made = new Map<Node, FrameTest>()
  const compile = (node: Node): FrameTest => {
    const known = made.get(node)
    if (known !== undefined) return known
    const test = isLeaf(node) ? leafTest(node, isKeywords(node.slot)) : compileInner(node, compile)
    const kept = 'id' in node && isShared(node) ? remembered(node.id, test) : test
    made.set(node, kept)
    return kept
  }
  return compile
}

/** A test for each rule. What the event's class says is asked where it is not sure. */
export function ruleClosures(
  parted: readonly Parted[],
  isShared: (node: Node) => boolean,
  isKeywords: (slot: number) => boolean,
): FrameTest[] {
  const compile = closureCompiler(isShared, isKeywords)
  return parted.map(({ ofClass, rest }) => {
    const [asked, test] = [ofClass.map(compile), compile(rest)]
    return frame => (frame.isSure || asked.every(one => one(frame))) && test(frame)
  })
}

function compileInner(node: Node, compile: (node: Node) => FrameTest): FrameTest {
  if (node.op === 'constant') return () => node.value
  if (node.op === 'not') {
    const inner = compile(node.item)
    return frame => !inner(frame)
  }
  const items = node.op === 'and' || node.op === 'or' ? node.items.map(compile) : []
  const decides = node.op === 'or'
  return frame => {
    for (const item of items) if (item(frame) === decides) return decides
    return !decides
  }
}

function remembered(id: number, test: FrameTest): FrameTest {
  return <Event>(frame: Frame<Event>) => {
    const known = (frame.memo[id] ?? -1) - frame.stamp
    if (known >= 0) return known === 1
    const answer = test(frame)
    frame.memo[id] = frame.stamp + (answer ? 1 : 0)
    return answer
  }
}
