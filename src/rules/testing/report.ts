import { type RuleResult, type TestResult } from './suite.ts'

/** Results as JUnit XML, one suite a rule. */
export function junit(results: readonly RuleResult[]): string {
  const suites = results.map(rule => {
    const failed = rule.tests.filter(test => test.failures.length > 0).length + rule.faults.length
    const cases = rule.tests.map(test => testCase(rule, test)).join('')
    const faults = rule.faults.map(
      fault =>
        `    <testcase name="tests" classname="${xml(rule.title)}" file="${xml(fault.file)}" line="${fault.line}"><failure message="${xml(fault.message)}"/></testcase>\n`,
    )
    const count = rule.tests.length + rule.faults.length
    return `  <testsuite name="${xml(rule.title)}" tests="${count}" failures="${failed}" file="${xml(rule.file)}">\n${cases}${faults.join('')}  </testsuite>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`
}

function testCase(rule: RuleResult, { name, failures, line, milliseconds }: TestResult): string {
  const seconds = (milliseconds / 1000).toFixed(6)
  const start = `    <testcase name="${xml(name)}" classname="${xml(rule.title)}" file="${xml(rule.file)}" line="${line}" time="${seconds}"`
  if (failures.length === 0) return `${start}/>\n`
  const [first = ''] = failures
  return `${start}>\n      <failure message="${xml(first)}">${xml(failures.join('\n'))}</failure>\n    </testcase>\n`
}

/** XML 1.0 has no way to write most control characters. */
function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, '\ufffd')
}
