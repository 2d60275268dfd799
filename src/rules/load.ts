import { type Plan, type PlanOptions, planRules } from './admission/admit.ts'
import { readRules } from './files.ts'
import { linkRules } from './link/link.ts'
import { type ParseOptions, parseRules } from './parse/document.ts'
import { unoptimised } from './unoptimised.ts'

/** Reads, links and judges the rules in files and folders. All faults are in `set.faults`; never throws. */
export function loadRules(
  paths: readonly string[],
  options: ParseOptions & PlanOptions = {},
): Plan {
  return unoptimised(() => planRules(linkRules(readRules(paths, options)), options))
}

/** The same for one text, as if it were the file of that name. */
export function loadRuleText(
  text: string,
  file: string,
  options: ParseOptions & PlanOptions = {},
): Plan {
  return planRules(linkRules(parseRules(text, file, options)), options)
}
