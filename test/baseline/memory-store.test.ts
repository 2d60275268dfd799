import { MemoryBaselineStore } from '../../src/baseline/memory-store.ts'
import { baselineContract } from './contract.ts'

baselineContract('memory', () => new MemoryBaselineStore())
