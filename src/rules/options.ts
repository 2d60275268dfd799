import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'

export const rulesOptions = section('What is worth an alert.', {
  shipped: Type.Boolean({
    default: true,
    description: 'Whether the rules that come with Orthrus run too.',
  }),
  paths: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    uniqueItems: true,
    description: 'Sigma rule files, and folders of them.',
  }),
  strict: Type.Boolean({
    default: false,
    description: 'Whether nothing starts while a rule has a fault; else that rule is left out.',
  }),
  index: Type.Boolean({
    default: true,
    description: 'false asks every rule of every event, to compare: the same alerts, slowly.',
  }),
  placeholders: Type.Object(
    {
      dns_resolvers: values(
        ['1.0.0.1', '1.1.1.1', '2606:4700:4700::1001', '2606:4700:4700::1111']
          .concat(['8.8.4.4', '8.8.8.8', '2001:4860:4860::8844', '2001:4860:4860::8888'])
          .concat(['9.9.9.9', '149.112.112.112', '2620:fe::9', '2620:fe::fe'])
          .concat(['208.67.220.220', '208.67.222.222', '2620:119:35::35', '2620:119:53::53']),
        'Resolvers outside that clients may ask.',
      ),
      unusual_tlds: values(
        ['bar', 'buzz', 'cam', 'cf', 'cfd', 'click', 'country', 'cyou', 'fit', 'ga', 'gdn', 'gq']
          .concat(['icu', 'kim', 'loan', 'men', 'ml', 'monster', 'mov', 'party', 'quest', 'rest'])
          .concat(['sbs', 'stream', 'su', 'surf', 'tk', 'top', 'win', 'work', 'xin', 'zip']),
        'Top-level domains that are rare in this network and dear to attackers.',
      ),
    },
    {
      default: {},
      description: 'Values for `%name%` in rules with `expand`: a list for each name.',
      additionalProperties: { type: 'array', items: { type: ['string', 'number'] } },
    },
  ),
})

/** The values of a placeholder of a shipped rule; the configuration may give others, or more names. */
function values(list: string[], description: string) {
  const item = Type.Unsafe<string | number>({ type: ['string', 'number'] })
  return Type.Array(item, { default: list, description })
}
