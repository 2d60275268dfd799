import { describe, expect, test } from 'vitest'
import { threatOf } from '../../src/alerts/threat.ts'
import { ecsFaults } from './schema.ts'

describe('threat of tags', () => {
  test('names tactic, technique and subtechnique', () => {
    const threat = threatOf(['attack.command-and-control', 'attack.t1071.004', 'cve.2024-1'])
    expect(threat).toEqual({
      framework: 'MITRE ATT&CK',
      tactic: {
        id: ['TA0011'],
        name: ['Command and Control'],
        reference: ['https://attack.mitre.org/tactics/TA0011/'],
      },
      technique: {
        id: ['T1071'],
        reference: ['https://attack.mitre.org/techniques/T1071/'],
        subtechnique: {
          id: ['T1071.004'],
          reference: ['https://attack.mitre.org/techniques/T1071/004/'],
        },
      },
    })
    expect(ecsFaults({ threat })).toEqual([])
  })

  test('takes underscores as older rules write them, and says a thing once', () => {
    const threat = threatOf(['attack.lateral_movement', 'attack.lateral-movement', 'attack.t1021'])
    expect(threat?.tactic?.name).toEqual(['Lateral Movement'])
    expect(threat?.technique?.subtechnique).toBeUndefined()
  })

  test.each([[[]], [['tlp.clear']], [['attack.nonsense', 'attack.t12']], [['attack.g0016']]])(
    'has nothing to say of %j',
    tags => expect(threatOf(tags)).toBeUndefined(),
  )
})
