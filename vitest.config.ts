import { defineConfig } from 'vitest/config';

/** Integration tests that together take minutes: every step of every change with a fault or the end of the process, and the younger doors. */
const LONG_INTEGRATION = [
  'packages/server/test/integration/{crash-after-step,durability-faults}.test.ts',
  'packages/server/test/integration/{driver,workspaces}/**/*.test.ts',
  'packages/server/test/integration/pgwire-*.test.ts',
];

/** `unit` and `integration` are the README's test command; the others need minutes or root and run in `.ci/run`. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'packages/server/test/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['packages/server/test/integration/**/*.test.ts'],
          exclude: LONG_INTEGRATION,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'long-integration',
          include: LONG_INTEGRATION,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'crash',
          include: ['packages/server/test/crash/**/*.test.ts'],
          // Two files at a time: half of what they do is waiting for processes that start.
          testTimeout: 900_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'hostile',
          include: ['packages/server/test/hostile/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['acceptance/**/*.test.ts'],
          exclude: ['acceptance/wire/**', '**/node_modules/**'],
          setupFiles: ['acceptance/helpers/record-calls.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Real PostgreSQL clients, compared with a PostgreSQL 15; `acceptance/wire/install` fetches what it needs.
        test: {
          name: 'wire',
          include: ['acceptance/wire/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
