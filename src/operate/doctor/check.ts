/** One finding of the doctor: what was looked at, how it is, and the command that mends it. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly message: string
  /** What to do, for a finding that is not ok. */
  readonly fix?: string
}

export function ok(name: string, message: string): Check {
  return { name, state: 'ok', message }
}

export function warn(name: string, message: string, fix: string): Check {
  return { name, state: 'warn', message, fix }
}

export function fail(name: string, message: string, fix: string): Check {
  return { name, state: 'fail', message, fix }
}
