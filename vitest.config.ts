import { defineConfig } from 'vitest/config'

// Kernel and live tests share the machine's BPF maps, tc hooks and cores: one file at a time, apart.
const serial = ['test/kernel', 'test/live']

export default defineConfig({
  test: {
    // A test that waits for ever fails; one on a machine that is busy with other things does not.
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
