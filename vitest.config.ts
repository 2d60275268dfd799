import { defineConfig } from 'vitest/config'

// Kernel and live tests share the machine's BPF maps, tc hooks and cores: one file at a time, apart.
const serial = ['test/kernel', 'test/live']
// Faults take their time: `make test-faults` asks for them with the number of rounds.
const faults = 'test/faults'
const wantsFaults = process.env['ROUNDS'] !== undefined

export default defineConfig({
  test: {
    // A test that waits for ever fails; one on a machine that is busy with other things does not.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One worker a core: many tests wait for a program that they have started.
    maxWorkers: '100%',
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...serial, faults].map(folder => `${folder}/**`),
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
      ...(wantsFaults
        ? [
            {
              extends: true as const,
              test: {
                name: 'faults',
                include: [`${faults}/**/*.test.ts`],
                fileParallelism: false,
                sequence: { groupOrder: 2 },
              },
            },
          ]
        : []),
    ],
  },
})
