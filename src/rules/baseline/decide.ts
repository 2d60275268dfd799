import { type SeenEntity, type Sighting } from '../../baseline/store.ts'
import { passes } from '../threshold.ts'
import { type BaselineDefinition } from './definition.ts'

/** Why a baseline has something to say. */
export type BaselineReason = 'new-value' | 'rare-value' | 'new-entity'

/** Whether what was sighted is worth an alert, from what was known before. Pure. */
export function decide(
  definition: BaselineDefinition,
  sighting: Sighting,
): BaselineReason | undefined {
  const { type, onNewEntity } = definition
  const isNew = sighting.entity === undefined
  if (isNew && (type === 'new_entity' || onNewEntity === 'alert')) {
    return isLearned(definition, sighting.total) ? 'new-entity' : undefined
  }
  if (type === 'new_value') return newValue(definition, sighting) ? 'new-value' : undefined
  if (type === 'rare_value') return rareValue(definition, sighting) ? 'rare-value' : undefined
  return undefined
}

function newValue(definition: BaselineDefinition, sighting: Sighting): boolean {
  const { scope } = definition
  const known = scope === 'host' ? sighting.pair : sighting.value
  const learner = scope === 'host' ? sighting.entity : sighting.total
  if (known !== undefined || learner === undefined) return false
  return isLearned(definition, learner) && isRare(definition, sighting)
}

/** What is rare for everyone; how long this entity is known does not matter. */
function rareValue(definition: BaselineDefinition, sighting: Sighting): boolean {
  return isLearned(definition, sighting.total) && isRare(definition, sighting)
}

function isLearned({ learn, history }: BaselineDefinition, learner: SeenEntity): boolean {
  return (
    learner.observed >= learn &&
    learner.events >= history.events &&
    learner.values >= history.values &&
    learner.days >= history.days
  )
}

function isRare({ condition }: BaselineDefinition, sighting: Sighting): boolean {
  return passes(condition.entities, others(sighting)) && passes(condition.ratio, share(sighting))
}

/** How many other entities use the value. */
export function others({ value, pair }: Sighting): number {
  return (value?.entities ?? 0) - (pair === undefined ? 0 : 1)
}

/** Share of the value in all events, the present one included. */
export function share({ value, total }: Sighting): number {
  return ((value?.events ?? 0) + 1) / (total.events + 1)
}
