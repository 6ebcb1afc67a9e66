import tseslint from 'typescript-eslint';

/**
 * Rules that find mistakes; layout is prettier's. What a layer may import from another layer is in
 * `packages/server/test/architecture.test.ts`; here only packages, which an editor should underline at once.
 */
const HOMES = [
  { packages: ['@duckdb/node-api', '@duckdb/node-bindings'], folders: ['duckdb', 'workers'] },
  { packages: ['libpg-query', 'pgsql-deparser'], folders: ['duckdb'] },
  { packages: ['@photostructure/sqlite', 'kysely', 'node:sqlite'], folders: ['metadata'] },
  { packages: ['fastify', '@fastify/*', 'typebox', 'typebox/*'], folders: ['protocols/http'] },
  { packages: ['prom-client'], folders: ['observability'] },
  { packages: ['pino'], folders: ['observability', 'protocols/http', 'protocols/driver'] },
  { packages: ['@bufbuild/*', '@connectrpc/*'], folders: ['protocols/driver', 'protocols/http'] },
  { packages: ['commander'], folders: [] },
];

function restrictedImports(homes) {
  return {
    'no-restricted-imports': [
      'error',
      {
        patterns: homes.map(({ packages, folders }) => ({
          group: packages,
          message:
            folders.length === 0 ? 'Only main.ts uses this.' : `Only src/${folders.join(' and src/')} may use this.`,
        })),
      },
    ],
  };
}

/** Each folder that is home to something is freed from the rule about it, and from no other. */
const folders = [...new Set(HOMES.flatMap((home) => home.folders))];

export default tseslint.config(
  {
    ignores: [
      '**/dist/',
      'packages/server/src/protocols/driver/gen/',
      '**/node_modules/',
      '**/*.d.ts',
      'data/',
      'coverage/',
      'bench/results/',
      '**/.clients/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/restrict-plus-operands': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-empty': 'error',
      'no-implied-eval': 'error',
      'no-eval': 'error',
      'no-unsafe-finally': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['packages/server/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.conformance.ts', 'packages/server/src/main.ts'],
    rules: {
      ...restrictedImports(HOMES),
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only main.ts and src/config read the environment.' },
        { object: 'process', property: 'exit', message: 'Only main.ts ends the process; workers end theirs.' },
      ],
    },
  },
  ...folders.map((folder) => ({
    files: [`packages/server/src/${folder}/**/*.ts`],
    ignores: ['**/*.test.ts', '**/*.conformance.ts'],
    rules: restrictedImports(HOMES.filter((home) => !home.folders.includes(folder))),
  })),
  {
    // The composition root and the commands join everything, except the engine, which never enters the service.
    files: ['packages/server/src/*.ts', 'packages/server/src/commands/*.ts'],
    rules: restrictedImports(HOMES.filter((home) => home.folders.includes('workers') || home.folders.length === 0)),
  },
  {
    files: ['packages/server/src/main.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['packages/server/src/config/**/*.ts', 'packages/server/src/workers/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // Every value of the engine's binding prints itself, which its types do not say.
    files: ['packages/server/src/duckdb/**/*.ts'],
    rules: { '@typescript-eslint/no-base-to-string': 'off' },
  },
  {
    // Tests look into answers of unknown shape and use matchers that the types know as `any`.
    files: ['**/*.test.ts', '**/test/**/*.ts', 'acceptance/**/*.ts', 'bench/**/*.ts', '**/*.conformance.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'no-console': 'off',
      'no-template-curly-in-string': 'off',
    },
  },
);
