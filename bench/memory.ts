import { makeLarge } from './lib/large-state.ts'

const [, , directory = '', devices = '0', values = '0'] = process.argv
await makeLarge(directory, { devices: Number(devices), facts: true, values: Number(values) })
