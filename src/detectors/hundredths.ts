/** A number as evidence shows it: rounded to hundredths. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}
