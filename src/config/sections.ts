import { Type } from 'typebox'
import { networks, section } from './section.ts'

export const networkOptions = section('What belongs to us.', {
  home: networks({
    default: [],
    description: 'Networks of our own; none means those of the watched interfaces.',
  }),
})

export const logOptions = section('The program about itself, on stderr.', {
  level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
    default: 'info',
    description: 'Lowest level that is written.',
  }),
  format: Type.Enum(['auto', 'text', 'json'], {
    default: 'auto',
    description:
      'Lines for people or for machines; auto follows stdout, and is for people on a terminal.',
  }),
})
