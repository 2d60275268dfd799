import { type Kind } from '../mapping/kind.ts'

export type AdmissionState = 'runs' | 'weakened' | 'cannot-run' | 'invalid'

/** What becomes of one document here, and why. */
export interface Admission {
  readonly file: string
  readonly line: number
  readonly id: string | undefined
  readonly title: string
  readonly kind: 'detection' | 'correlation' | 'filter' | 'unknown'
  readonly state: AdmissionState
  /** Off by default: deprecated, or an exclusion that cannot exclude. */
  readonly enabled: boolean
  /** Events that it looks at. */
  readonly events: readonly Kind[]
  /** One sentence each, the field named. */
  readonly reasons: readonly string[]
}
