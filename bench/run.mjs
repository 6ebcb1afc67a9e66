// `npm run bench`: transpiles the benchmark and runs it. `bench/dist` is as deep in the tree as `acceptance/helpers`, so that
// paths which those helpers build from their own place stay true after bundling.
import { build } from 'esbuild';

const here = new URL('.', import.meta.url).pathname;

await build({
  entryPoints: {
    bench: `${here}bench.ts`,
    'raw-process': `${here}raw/raw-process.ts`,
    'health-sampler': `${here}measure/health-sampler.ts`,
  },
  outdir: `${here}dist`,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
});
await import('./dist/bench.js');
