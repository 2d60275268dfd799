import { expect, test } from 'vitest'
import { type Environment } from '../../src/storage/environment.ts'
import { Journal } from '../../src/storage/journal.ts'
import { type Operation } from '../../src/storage/operation.ts'
import { openTemporary } from './open.ts'

const put = (key: string): Operation => ({ kind: 'put', table: 'meta', key, value: 'x' })
const alert = (value: string): Operation => ({ kind: 'append', table: 'alerts', value })

function journalOf(environment: Pick<Environment, 'commit'>) {
  const appended: number[] = []
  const lost: Operation[] = []
  const journal = new Journal({
    environment,
    onAppended: sequences => appended.push(...sequences),
    onLost: operations => lost.push(...operations),
  })
  return { journal, appended, lost }
}

test('what a turn adds is one transaction, written without being asked', async () => {
  const environment = await openTemporary()
  const commits: number[] = []
  const { journal, appended } = journalOf({
    commit: operations => {
      commits.push(operations.length)
      return environment.commit(operations)
    },
  })
  journal.add(put('a'))
  journal.add(alert('one'))
  journal.add(alert('two'))
  await Promise.resolve()
  journal.add(put('b'))
  await journal.flush()
  expect(commits).toEqual([3, 1])
  expect(appended).toEqual([1, 2])
  expect(String(environment.get('meta', 'b'))).toBe('x')
})

test('a large batch is closed between two events, never within one', async () => {
  const environment = await openTemporary()
  const commits: number[] = []
  const { journal } = journalOf({
    commit: operations => {
      commits.push(operations.length)
      return environment.commit(operations)
    },
  })
  for (let index = 0; index < 1500; index++) journal.add(put(`k${index}`))
  journal.mark()
  journal.add(put('later'))
  journal.mark()
  await journal.flush()
  expect(commits).toEqual([1500, 1])
})

test('what is refused is told, and what comes after is written', async () => {
  const environment = await openTemporary()
  let refuse = true
  const { journal, lost } = journalOf({
    commit: operations =>
      refuse ? Promise.reject(new Error('refused')) : environment.commit(operations),
  })
  journal.add(put('a'))
  await journal.flush()
  refuse = false
  journal.add(put('b'))
  await journal.flush()
  expect(lost).toEqual([put('a')])
  expect(environment.get('meta', 'a')).toBeUndefined()
  expect(String(environment.get('meta', 'b'))).toBe('x')
})

test.each([{ limit: 3 }, { bytes: 3 * 'kx'.length }])(
  'turns that come while the disk takes nothing wait within %o, whole or not at all',
  async bound => {
    const environment = await openTemporary()
    let open: () => void = () => undefined
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    const lost: Operation[] = []
    const journal = new Journal({
      environment: { commit: operations => gate.then(() => environment.commit(operations)) },
      onAppended: () => undefined,
      onLost: operations => lost.push(...operations),
      ...bound,
    })
    for (const keys of [['a'], ['b', 'c'], ['d', 'e']]) {
      for (const key of keys) journal.add(put(key))
      await Promise.resolve()
    }
    expect(journal.waiting).toBe(3)
    open()
    await journal.flush()
    expect(lost).toEqual([put('d'), put('e')])
    expect(String(environment.get('meta', 'c'))).toBe('x')
    expect(journal.waiting).toBe(0)
    // What was written or lost gives its room back.
    for (const key of ['f', 'g', 'h']) journal.add(put(key))
    await journal.flush()
    expect(lost).toHaveLength(2)
    expect(String(environment.get('meta', 'h'))).toBe('x')
  },
)
