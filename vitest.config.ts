import { defineConfig } from 'vitest/config'

// Kernel and live tests share the machine's BPF maps, tc hooks and cores: one file at a time, apart.
const serial = ['test/kernel', 'test/live']

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: serial.map(folder => `${folder}/**`),
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          include: serial.map(folder => `${folder}/**/*.test.ts`),
          fileParallelism: false,
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
