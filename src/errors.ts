/** Every code that people and tests can match on: its exit status, and whether trying again may help. */
const codes = {
  USAGE: { exit: 2, retry: false },
  CONFIG_INVALID: { exit: 2, retry: false },
  RULES_INVALID: { exit: 2, retry: false },
  NOT_BUILT: { exit: 1, retry: false },
  LIBBPF_MISSING: { exit: 1, retry: false },
  PRIVILEGES_MISSING: { exit: 1, retry: false },
  BPF_LOAD_FAILED: { exit: 1, retry: false },
  BPF_MAP_FAILED: { exit: 1, retry: false },
  ATTACH_FAILED: { exit: 1, retry: true },
  NO_INTERFACE: { exit: 1, retry: true },
  NETLINK_FAILED: { exit: 1, retry: true },
  LISTEN_FAILED: { exit: 1, retry: true },
  OUT_OF_MEMORY: { exit: 1, retry: false },
  STATE_LOCKED: { exit: 1, retry: false },
  STATE_UNUSABLE: { exit: 1, retry: true },
  STATE_VERSION: { exit: 1, retry: false },
  STATE_BUSY: { exit: 1, retry: true },
  SINK_UNAVAILABLE: { exit: 1, retry: true },
  SINK_REJECTED: { exit: 1, retry: false },
  SINK_MISCONFIGURED: { exit: 1, retry: true },
  SINK_GONE: { exit: 1, retry: true },
  CAPTURE_UNREADABLE: { exit: 1, retry: false },
  CAPTURE_UNSUPPORTED: { exit: 1, retry: false },
  CAPTURE_DAMAGED: { exit: 1, retry: false },
  INTERNAL: { exit: 1, retry: false },
} as const satisfies Record<string, Fate>

interface Fate {
  readonly exit: 1 | 2
  readonly retry: boolean
}

export type ErrorCode = keyof typeof codes

/** Whether a text is one of the codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(codes, text)
}

/**
 * A failure that a person can act on: `code` for programs, `message` for people (lower case, the
 * value in backquotes, the fix, no full stop), `exit` and `retry` from the table above.
 */
export class SensorError extends Error {
  override readonly name = 'SensorError'
  readonly code: ErrorCode
  readonly exit: 1 | 2
  readonly retry: boolean

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.exit = codes[code].exit
    this.retry = codes[code].retry
  }
}
