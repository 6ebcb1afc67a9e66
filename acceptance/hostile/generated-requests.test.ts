import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../helpers/raw-http.js';
import { useServer } from '../helpers/use-server.js';
import { createWitness, type Witness } from '../helpers/witness.js';

const server = useServer();
let witness: Witness;

beforeAll(async () => {
  witness = await createWitness(server.admin);
});

const nasty = fc.constantFrom(
  '',
  ' ',
  '..',
  '../..',
  '\u0000',
  "'",
  '"',
  ';',
  '--',
  '%',
  '%00',
  '\\',
  '🦆',
  '\ud800',
  'null',
  'NaN',
  '-1',
  '0',
  '1e309',
  'x'.repeat(300),
  '__proto__',
  'constructor',
  'toString',
  'SELECT 1',
  'default',
  'main',
  '<a>',
  '{}',
  '[]',
  '\u202e',
  'İ',
  'ß',
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ maxLength: 30 }));
const anyJson = fc.oneof(
  { depthSize: 'small' },
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.double(),
  fc.bigInt().map(String),
  fc.constantFrom(null, true, false, [], {}),
);

/** Mostly right members with some of them spoilt: pure noise would never get past the first check. */
function spoilt(shape: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(shape).map(([name, right]) => [
      name,
      fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: anyJson }),
    ]),
  );
  return fc.oneof(
    { weight: 5, arbitrary: fc.record(members, { requiredKeys: [] }) },
    { weight: 1, arbitrary: anyJson },
  );
}

const column = fc.record({
  name: fc.oneof(fc.constantFrom('id', 'name'), text),
  type: fc.oneof(fc.constantFrom('INTEGER', 'VARCHAR', 'DECIMAL(4,2)', 'INT[]', "ENUM('a')"), text),
  nullable: fc.oneof(fc.boolean(), anyJson),
  default: fc.oneof(fc.constantFrom(null, '1', "'a'", 'now()'), text),
});

const bodies = {
  project: spoilt({ id: text, name: text, settings: fc.dictionary(text, anyJson, { maxKeys: 3 }) }),
  bucket: spoilt({ name: text, description: text }),
  table: spoilt({
    name: text,
    columns: fc.array(column, { maxLength: 4 }),
    primary_key: fc.array(text, { maxLength: 2 }),
  }),
  import: spoilt({
    file_id: text,
    format: fc.constantFrom('csv', 'parquet'),
    csv_options: fc.record({ delimiter: text, quote: text, escape: text, header: fc.boolean(), null_string: text }),
    import_options: fc.record({ incremental: fc.boolean(), columns: fc.array(text, { maxLength: 2 }) }),
  }),
  export: spoilt({
    format: fc.constantFrom('csv', 'parquet'),
    compression: fc.constantFrom(null, 'gzip', 'zstd'),
    columns: fc.array(fc.oneof(fc.constantFrom('id', 'name'), text), { maxLength: 3 }),
    where_filter: fc.oneof(fc.constantFrom('id > 1', "name = 'a'", 'id IN (1,2)'), text),
    order_by: fc.oneof(fc.constantFrom('id', 'name desc'), text),
    limit: fc.integer({ min: -5, max: 5 }),
  }),
  prepare: spoilt({
    filename: text,
    content_type: text,
    size_bytes: fc.integer(),
    tags: fc.dictionary(text, text, { maxKeys: 2 }),
  }),
  register: spoilt({ upload_key: text, name: text, tags: fc.dictionary(text, text, { maxKeys: 2 }) }),
};

interface Target {
  readonly method: string;
  readonly path: (w: Witness) => string;
  readonly body?: fc.Arbitrary<unknown>;
}

const TARGETS: readonly Target[] = [
  { method: 'POST', path: () => '/projects', body: bodies.project },
  { method: 'GET', path: () => '/projects' },
  { method: 'POST', path: (w) => w.project.bucketsPath, body: bodies.bucket },
  { method: 'GET', path: (w) => w.project.bucketsPath },
  { method: 'POST', path: (w) => `${w.project.bucketsPath}/${w.bucket}/tables`, body: bodies.table },
  { method: 'GET', path: (w) => `${w.project.bucketsPath}/${w.bucket}/tables` },
  { method: 'GET', path: (w) => `${w.table.path}/preview` },
  { method: 'POST', path: (w) => `${w.table.path}/import/file`, body: bodies.import },
  { method: 'POST', path: (w) => `${w.table.path}/export`, body: bodies.export },
  { method: 'POST', path: (w) => `${w.project.filesPath}/prepare`, body: bodies.prepare },
  { method: 'POST', path: (w) => w.project.filesPath, body: bodies.register },
  { method: 'GET', path: (w) => w.project.filesPath },
];

const request = fc.record({
  target: fc.constantFrom(...TARGETS.keys()),
  json: fc.constant(undefined),
  query: fc.dictionary(
    fc.constantFrom('limit', 'offset', 'status', 'filter', 'order_by', 'columns', 'cascade', 'include_staged', 'x'),
    text,
    { maxKeys: 3 },
  ),
  extraSegment: fc.option(text, { freq: 10 }),
  idempotencyKey: fc.option(fc.string({ maxLength: 20 }), { freq: 5 }),
});

const withBody = request.chain((shape) => {
  const body = TARGETS[shape.target]?.body;
  return (body ?? fc.constant(undefined)).map((json) => ({ ...shape, json }));
});

const printable = (value: string) => [...value].filter((character) => character >= ' ' && character <= '~').join('');
/** A lone surrogate has no percent-encoding. */
const encode = (value: string) => encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, '\ufffd'));

describe('generated requests', () => {
  it('1,000 of them are answered without a 5xx, in bounded time, and the witness stays as it was', async () => {
    await fc.assert(
      fc.asyncProperty(withBody, async ({ target, json, query, extraSegment, idempotencyKey }) => {
        const { method = 'GET', path = () => '/' } = TARGETS[target] ?? {};
        const queryText = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
        const segment = extraSegment === null ? '' : `/${encode(extraSegment)}`;
        const startedAt = performance.now();
        const answer = await sendRaw(server.process.baseUrl, {
          method,
          path: `${path(witness)}${segment}${queryText.length === 0 ? '' : `?${queryText.join('&')}`}`,
          headers: {
            authorization: `Bearer ${server.process.adminKey}`,
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...(idempotencyKey === null ? {} : { 'x-idempotency-key': printable(idempotencyKey) }),
          },
          ...(json === undefined ? {} : { body: JSON.stringify(json) ?? 'null' }),
        });
        expect(answer.status, answer.text.slice(0, 500)).toBeLessThan(500);
        expect(performance.now() - startedAt).toBeLessThan(10_000);
        if (answer.status >= 400) {
          const body = JSON.parse(answer.text) as { detail?: unknown; error?: unknown };
          expect(body.detail ?? body.error).toBeDefined();
        }
        expect(answer.headers['x-request-id']).toBeTruthy();
      }),
      { numRuns: 1000, seed: 20_261_123 },
    );
    await witness.mustBeUntouched();
  });

  it('valid settings come back exactly as they were sent', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.jsonValue({ maxDepth: 4 })),
        async (settings) => {
          count += 1;
          const id = `roundtrip-${count}`;
          const sent = JSON.stringify({ id, settings });
          const answer = await server.admin.request('POST', '/projects', {
            body: sent,
            headers: { 'content-type': 'application/json' },
          });
          if (answer.status === 422) return;
          expect(answer.status, answer.text.slice(0, 300)).toBe(201);
          const read = await server.admin.get<{ settings: unknown }>(`/projects/${id}`);
          expect(read.body.settings).toEqual((JSON.parse(sent) as { settings: unknown }).settings);
        },
      ),
      { numRuns: 100, seed: 20_261_124 },
    );
  });
});
