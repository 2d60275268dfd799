import { MemoryBaselineStore } from '../../../src/rules/baseline/memory-store.ts'
import { baselineContract } from './contract.ts'

baselineContract('memory', () => new MemoryBaselineStore())
