/**
 * Where state lives when nothing says so: what systemd made for the service, `/var/lib/orthrus` for
 * any other service of root, else `./data`.
 */
export function stateDirectory(
  env: NodeJS.ProcessEnv = process.env,
  user: number | undefined = process.getuid?.(),
): string {
  const given = env['STATE_DIRECTORY']?.split(':')[0]
  if (given !== undefined && given !== '') return given
  // systemd marks what it starts; a login shell inherits the mark, but has a terminal.
  const service = env['INVOCATION_ID'] !== undefined && env['TERM'] === undefined
  return service && user === 0 ? '/var/lib/orthrus' : './data'
}
