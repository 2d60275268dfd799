import { type YAMLError } from 'yaml'

export const tooDeep = 'nested too deeply to be read'

const said: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (`!name`) has no meaning in a rule; remove it',
  BAD_ALIAS: 'no anchor comes before this alias',
}

/** A fault of YAML syntax in our words. */
export function describeYamlError({ code, message }: YAMLError): string {
  if (/call stack/.test(message)) return tooDeep
  const start = `${message.charAt(0).toLowerCase()}${message.slice(1)}`
  return said[code] ?? `not valid YAML: ${start}`
}
