import { Type } from '../../config/type.ts'

/** Options of every sink that sends to a URL: which places are allowed. */
export const placeOptions = {
  allow_http: Type.Boolean({
    default: false,
    description: 'Allow http://, which everybody on the way can read and change.',
  }),
  allow_private: Type.Boolean({
    default: false,
    description: 'Allow loopback and private addresses; link-local ones never are.',
  }),
}

export function placeOf(options: {
  readonly allow_http: boolean
  readonly allow_private: boolean
}) {
  return { allowHttp: options.allow_http, allowPrivate: options.allow_private }
}
