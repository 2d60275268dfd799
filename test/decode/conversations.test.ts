import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Conversations, type Ends, OfConversation } from '../../src/decode/conversations.ts'

const small = fc.integer({ min: -1, max: 1 })

const someEnds: fc.Arbitrary<Ends> = fc.record({
  family: fc.constantFrom(4, 6),
  protocol: fc.constantFrom(6, 17),
  vlan: fc.constantFrom(0, 7),
  sourcePort: fc.constantFrom(1, 65_535),
  destinationPort: fc.constantFrom(1, 53),
  source0: small,
  source1: fc.constant(0),
  source2: fc.constant(0),
  source3: fc.constant(0),
  destination0: small,
  destination1: fc.constant(0),
  destination2: fc.constant(0),
  destination3: small,
})

/** An address of IPv4 is in the first word. */
function key(ends: Ends, part: number): string {
  const { destination3, ...rest } = ends
  return JSON.stringify([rest, ends.family === 4 ? 0 : destination3, part])
}

test('a table of conversations does what a Map does, in the order of use', () => {
  const step = fc.tuple(fc.constantFrom('use', 'remove'), someEnds, fc.integer({ max: 2, min: 0 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const table = new Conversations<OfConversation>()
      const model = new Map<string, OfConversation>()
      for (const [what, ends, part] of steps) {
        const known = model.get(key(ends, part))
        expect(table.find(ends, part)).toBe(known)
        model.delete(key(ends, part))
        const entry = known ?? new OfConversation(ends, part)
        if (what === 'use') {
          if (known === undefined) table.add(entry)
          else table.refresh(entry)
          model.set(key(ends, part), entry)
        } else if (known !== undefined) table.remove(known)
        expect(table.size).toBe(model.size)
        expect(table.oldest).toBe(model.values().next().value)
      }
    }),
  )
})

test('several entries of one conversation are found one after the other', () => {
  const [ends] = fc.sample(someEnds, 1)
  if (ends === undefined) throw new Error('no ends were made')
  const table = new Conversations<OfConversation>()
  const entries = [new OfConversation(ends, 3), new OfConversation(ends, 3)]
  for (const entry of entries) table.add(entry)
  table.add(new OfConversation(ends, 4))
  const first = table.find(ends, 3)
  const second = first && table.another(first, ends)
  expect(new Set([first, second])).toEqual(new Set(entries))
  expect(second && table.another(second, ends)).toBeUndefined()
})
