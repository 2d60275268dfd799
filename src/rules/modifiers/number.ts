import { type Comparison, type DatePart } from '../ast.ts'
import { quote } from '../fault.ts'
import { plainText } from '../pattern/parts.ts'
import { type ScalarNode } from '../yaml/node.ts'
import { type Modifier, type Operand } from './operand.ts'

const ranges: Readonly<Record<DatePart, readonly [number, number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
}

/** `lt` and the like: against a number, which in a rule is no text. */
export function comparison(name: Comparison): Modifier {
  return {
    group: 'comparison',
    value: (operand, value, { faults }) => {
      if (operand.type === 'compare') return [{ ...operand, comparison: name }]
      if (typeof value.value === 'number' && Number.isFinite(value.value)) {
        return [{ type: 'compare', comparison: name, value: value.value, part: undefined }]
      }
      return faults.error(value.offset, `\`${name}\` takes a number, not ${quote(value.text)}`)
    },
  }
}

/** `hour` and the like: a piece of a date. */
export function datePart(part: DatePart): Modifier {
  const [least, most] = ranges[part]
  return {
    group: 'part of a date',
    first: true,
    value: (operand, value, { faults }) => {
      const number = wholeNumber(operand, value)
      if (number !== undefined && number >= least && number <= most) {
        return [{ type: 'compare', comparison: 'eq', value: number, part }]
      }
      const range = `a whole number from ${least} to ${most}`
      return faults.error(value.offset, `\`${part}\` takes ${range}, not ${quote(value.text)}`)
    },
  }
}

function wholeNumber(operand: Operand, { value }: ScalarNode): number | undefined {
  const text = operand.type === 'text' ? plainText(operand.pattern) : undefined
  if (typeof value !== 'number' && !/^\d{1,4}$/.test(text ?? '')) return undefined
  const number = Number(value)
  return Number.isInteger(number) ? number : undefined
}
