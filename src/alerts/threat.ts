/** Tactics of ATT&CK Enterprise by the name that Sigma's tags use (attack.mitre.org/tactics). */
const tactics: Readonly<Record<string, readonly [id: string, name: string]>> = {
  reconnaissance: ['TA0043', 'Reconnaissance'],
  'resource-development': ['TA0042', 'Resource Development'],
  'initial-access': ['TA0001', 'Initial Access'],
  execution: ['TA0002', 'Execution'],
  persistence: ['TA0003', 'Persistence'],
  'privilege-escalation': ['TA0004', 'Privilege Escalation'],
  'defense-evasion': ['TA0005', 'Defense Evasion'],
  'credential-access': ['TA0006', 'Credential Access'],
  discovery: ['TA0007', 'Discovery'],
  'lateral-movement': ['TA0008', 'Lateral Movement'],
  collection: ['TA0009', 'Collection'],
  'command-and-control': ['TA0011', 'Command and Control'],
  exfiltration: ['TA0010', 'Exfiltration'],
  impact: ['TA0040', 'Impact'],
}

interface Reference {
  readonly id: readonly string[]
  readonly reference: readonly string[]
}

/** ECS `threat` of a rule's tags. */
export interface Threat {
  readonly framework: 'MITRE ATT&CK'
  readonly tactic?: Reference & { readonly name: readonly string[] }
  readonly technique?: Reference & { readonly subtechnique?: Reference }
}

/**
 * What tags such as `attack.discovery`, `attack.t1046` and `attack.t1071.004` say (Sigma specification,
 * appendix tags); undefined when none of them names a tactic or technique.
 */
export function threatOf(tags: readonly string[]): Threat | undefined {
  const named = tags.filter(tag => /^attack\./i.test(tag)).map(tag => tag.slice(7).toLowerCase())
  const found = named.flatMap(name => {
    const tactic = tactics[name.replaceAll('_', '-')]
    return tactic === undefined ? [] : [tactic]
  })
  const ids = named.filter(name => /^t\d{4}(\.\d{3})?$/.test(name)).map(id => id.toUpperCase())
  const techniques = unique(ids.map(id => id.slice(0, 5)))
  const parts = unique(ids.filter(id => id.includes('.')))
  if (found.length === 0 && techniques.length === 0) return undefined
  return {
    framework: 'MITRE ATT&CK',
    ...(found.length > 0 && {
      tactic: {
        id: unique(found.map(([id]) => id)),
        name: unique(found.map(([, name]) => name)),
        reference: unique(found.map(([id]) => `https://attack.mitre.org/tactics/${id}/`)),
      },
    }),
    ...(techniques.length > 0 && {
      technique: {
        ...techniqueReferences(techniques),
        ...(parts.length > 0 && { subtechnique: techniqueReferences(parts) }),
      },
    }),
  }
}

function techniqueReferences(ids: readonly string[]): Reference {
  const link = (id: string) => `https://attack.mitre.org/techniques/${id.replace('.', '/')}/`
  return { id: ids, reference: ids.map(link) }
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)]
}
