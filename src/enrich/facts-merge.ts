import { addText, type Facts, factLimits } from './facts.ts'

/** Adds all that `from` says to `to`; where there can be only one, that of `from` counts. */
export function mergeFacts(to: Facts, from: Facts): void {
  for (const { name, source, first, last } of from.names) {
    to.addName(source, name, first)
    to.addName(source, name, last)
  }
  for (const { protocol, port, last } of from.services) to.addService(protocol, port, last)
  for (const { duty, last } of from.duties) to.addDuty(duty, last)
  for (const one of from.announced) addText(to.announced, one, factLimits.announced)
  for (const one of from.ja4) addText(to.ja4, one, factLimits.ja4)
  for (const one of from.agents) addText(to.agents, one, factLimits.agents)
  to.clientId = from.clientId ?? to.clientId
  to.duid = from.duid ?? to.duid
  to.fingerprint = from.fingerprint ?? to.fingerprint
  to.vendorClass = from.vendorClass ?? to.vendorClass
}
