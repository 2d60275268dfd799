import { defineConfig } from 'vitest/config'

// What loads the program itself measures and limits the machine's BPF: one file at a time, apart.
const kernel = 'test/kernel'
// A sensor and its peers, in network namespaces of their own: after what keeps the cores busy.
const live = 'test/live'
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
          exclude: [kernel, live, faults].map(folder => `${folder}/**`),
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          include: [`${kernel}/**/*.test.ts`],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'live', include: [`${live}/**/*.test.ts`], sequence: { groupOrder: 2 } },
      },
      ...(wantsFaults
        ? [
            {
              extends: true as const,
              test: {
                name: 'faults',
                include: [`${faults}/**/*.test.ts`],
                fileParallelism: false,
                sequence: { groupOrder: 3 },
              },
            },
          ]
        : []),
    ],
  },
})
