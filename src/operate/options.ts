import { duration, section } from '../config/section.ts'

/** The `summary` section. */
export const summaryOptions = section('What the console says now and then.', {
  interval: duration({
    default: '60s',
    maxDuration: '1d',
    description: 'Time between two summaries; 0 for only the one at exit.',
  }),
})
