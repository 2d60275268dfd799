import { type Interface } from './interfaces.ts'
import { type DefaultRoute } from './routes.ts'

/**
 * The interfaces that `wanted` means: `auto` is where the default routes leave (without one, all
 * that are up), `all` is every interface but loopback, the rest are names or globs (`veth*`).
 * A loopback is taken only by its name; an interface of unknown framing never.
 */
export function selectInterfaces(
  wanted: readonly string[],
  interfaces: readonly Interface[],
  routes: readonly DefaultRoute[],
): Interface[] {
  const tests = wanted.map(word => selector(word, routes))
  return interfaces.filter(one => one.link !== 'other' && tests.some(test => test(one)))
}

/** The words of `wanted` that are plain names and that no interface has. */
export function missingNames(
  wanted: readonly string[],
  interfaces: readonly Interface[],
): string[] {
  const names = new Set(interfaces.map(({ name }) => name))
  return wanted.filter(word => isName(word) && !names.has(word))
}

function isName(word: string): boolean {
  return word !== 'auto' && word !== 'all' && !/[*?[]/.test(word)
}

function selector(word: string, routes: readonly DefaultRoute[]): (one: Interface) => boolean {
  if (word === 'all') return ({ loopback }) => !loopback
  if (word === 'auto') return automatic(routes)
  if (isName(word)) return ({ name }) => name === word
  const pattern = globPattern(word)
  return ({ name, loopback }) => !loopback && pattern.test(name)
}

function automatic(routes: readonly DefaultRoute[]): (one: Interface) => boolean {
  const names = new Set(routes.map(route => route.interface))
  if (names.size === 0) return ({ up, loopback }) => up && !loopback
  return ({ name }) => names.has(name)
}

/** `*`, `?` and `[a-z]`, as in a shell. */
function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
    .replace(/\[!/g, '[^')
  try {
    return new RegExp(`^${source}$`)
  } catch {
    return /^\b$/ // an unclosed bracket matches nothing
  }
}
