// The main job, end to end, on real data against a running server: a project, buckets, CSV and Parquet in, preview,
// incremental load, export. Prints what happened in figures. `npm start` in one terminal, `npm run demo` in another.
import { openAsBlob, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApiClient, fileForm } from '@duckdb-storage/api-client';
import { Listr } from 'listr2';

const data = fileURLToPath(new URL('../node_modules/vega-datasets/data', import.meta.url));
const baseUrl = process.env.DEMO_URL ?? `http://127.0.0.1:${process.env.PORT ?? 8000}`;
const projectId = `demo_${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}`;
const bucket = 'in_c_flights';
const reference = 'in_c_reference';

const flights = {
  name: 'flights',
  columns: [
    { name: 'date', type: 'TIMESTAMP' },
    { name: 'delay', type: 'BIGINT' },
    { name: 'distance', type: 'BIGINT' },
    { name: 'origin', type: 'VARCHAR' },
    { name: 'destination', type: 'VARCHAR' },
  ],
};
const zipcodes = {
  name: 'zipcodes',
  primary_key: ['zip_code'],
  columns: [
    { name: 'zip_code', type: 'VARCHAR' },
    { name: 'latitude', type: 'DOUBLE' },
    { name: 'longitude', type: 'DOUBLE' },
    { name: 'city', type: 'VARCHAR' },
    { name: 'state', type: 'VARCHAR' },
    { name: 'county', type: 'VARCHAR' },
  ],
};
const airports = {
  name: 'airports',
  primary_key: ['iata'],
  columns: ['iata', 'name', 'city', 'state', 'country']
    .map((name) => ({ name, type: 'VARCHAR' }))
    .concat(['latitude', 'longitude'].map((name) => ({ name, type: 'DOUBLE' }))),
};
const birdstrikes = {
  name: 'birdstrikes',
  columns: readFileSync(join(data, 'birdstrikes.csv'), 'utf8')
    .split(/\r?\n/, 1)[0]
    .split(',')
    .map((name) => ({ name, type: /^(Cost|Speed)/.test(name) ? 'BIGINT' : /Date$/.test(name) ? 'DATE' : 'VARCHAR' })),
};

function adminKey() {
  if (process.env.ADMIN_API_KEY) return process.env.ADMIN_API_KEY;
  const path = join(process.env.DATA_DIR ?? 'data', 'admin-api-key');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Error(`No admin key: set ADMIN_API_KEY, or DATA_DIR to the server's data folder (looked for ${path}).`);
  }
}

/** The answer's data, or an error with the server's own words. */
async function answered(request) {
  const { data: body, error, response } = await request;
  if (response.ok) return body ?? {};
  throw new Error(`${response.status} ${new URL(response.url).pathname}: ${JSON.stringify(error?.detail ?? error)}`);
}

const report = [];
function note(what, figures) {
  report.push({ what, figures });
  return figures;
}

const integer = new Intl.NumberFormat('en-US');
const rows = (count) => `${integer.format(count)} rows`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (startedAt) => `${((performance.now() - startedAt) / 1000).toFixed(2)} s`;

let api = createApiClient({ baseUrl, apiKey: 'unknown' });

async function upload(fileName, task) {
  const path = join(data, fileName);
  const sizeBytes = statSync(path).size;
  const prepared = await answered(
    api.POST('/projects/{project_id}/files/prepare', {
      params: { path: { project_id: projectId } },
      body: { filename: fileName, size_bytes: sizeBytes },
    }),
  );
  task.output = `uploading ${megabytes(sizeBytes)}`;
  await answered(
    api.POST('/projects/{project_id}/files/upload/{upload_key}', {
      params: { path: { project_id: projectId, upload_key: prepared.upload_key } },
      body: fileForm(await openAsBlob(path), fileName),
      bodySerializer: (form) => form,
    }),
  );
  const file = await answered(
    api.POST('/projects/{project_id}/files', {
      params: { path: { project_id: projectId } },
      body: { upload_key: prepared.upload_key },
    }),
  );
  return file.id;
}

function tablePath(bucketName, tableName) {
  return { project_id: projectId, branch_id: 'default', bucket_name: bucketName, table_name: tableName };
}

const TABLE = '/projects/{project_id}/branches/{branch_id}/buckets/{bucket_name}/tables/{table_name}';

function loadTask(title, bucketName, table, fileName, body) {
  return {
    title,
    task: async (_, task) => {
      const startedAt = performance.now();
      if (body.import_options?.incremental !== true) {
        await answered(
          api.POST('/projects/{project_id}/branches/{branch_id}/buckets/{bucket_name}/tables', {
            params: { path: { project_id: projectId, branch_id: 'default', bucket_name: bucketName } },
            body: table,
          }),
        );
      }
      const fileId = await upload(fileName, task);
      task.output = 'importing';
      const result = await answered(
        api.POST(`${TABLE}/import/file`, {
          params: { path: tablePath(bucketName, table.name) },
          body: { file_id: fileId, ...body },
        }),
      );
      for (const warning of result.warnings) note(`${title}: warning`, warning);
      const figures =
        `${rows(result.table_rows_after)} in the table (${integer.format(result.inserted_rows)} inserted, ` +
        `${integer.format(result.updated_rows)} updated), ${megabytes(result.table_size_bytes)} on disk, ` +
        `import ${(result.duration_ms / 1000).toFixed(2)} s, with upload ${seconds(startedAt)}`;
      task.title = `${title}: ${note(title, figures)}`;
    },
  };
}

function exportTask(title, tableName, body) {
  return {
    title,
    task: async (_, task) => {
      const startedAt = performance.now();
      const result = await answered(
        api.POST(`${TABLE}/export`, { params: { path: tablePath(bucket, tableName) }, body }),
      );
      const download = await answered(
        api.GET('/projects/{project_id}/files/{file_id}/download', {
          params: { path: { project_id: projectId, file_id: result.file_id } },
          parseAs: 'arrayBuffer',
        }),
      );
      task.title = `${title}: ${note(
        title,
        `${rows(result.rows_exported)}, ${megabytes(download.byteLength)} downloaded, ${seconds(startedAt)}`,
      )}`;
    },
  };
}

const tasks = new Listr(
  [
    {
      title: `Server at ${baseUrl}`,
      task: async (_, task) => {
        const health = await answered(api.GET('/health', {})).catch((error) => {
          throw new Error(
            `No server answers at ${baseUrl}: run \`npm start\` first, or set DEMO_URL. (${error.message})`,
          );
        });
        task.title = `Server at ${baseUrl}: ${health.status}, DuckDB ${health.workers.duckdb_version}`;
        api = createApiClient({ baseUrl, apiKey: adminKey() });
      },
    },
    {
      title: `Project ${projectId} and two buckets`,
      task: async () => {
        const project = await answered(api.POST('/projects', { body: { id: projectId, name: 'Demo' } }));
        api = createApiClient({ baseUrl, apiKey: project.api_key });
        for (const name of [bucket, reference]) {
          await answered(
            api.POST('/projects/{project_id}/branches/{branch_id}/buckets', {
              params: { path: { project_id: projectId, branch_id: 'default' } },
              body: { name },
            }),
          );
        }
      },
    },
    loadTask('Three million flights from Parquet', bucket, flights, 'flights-3m.parquet', { format: 'parquet' }),
    loadTask('Zip codes from CSV, with a primary key', reference, zipcodes, 'zipcodes.csv', {}),
    loadTask('The same file again, incrementally', reference, zipcodes, 'zipcodes.csv', {
      import_options: { incremental: true },
    }),
    loadTask('Airports from CSV, with a primary key', reference, airports, 'airports.csv', {}),
    loadTask('Bird strikes from CSV, column names with blanks', reference, birdstrikes, 'birdstrikes.csv', {
      import_options: { on_error: 'skip', max_bad_rows: 1000 },
    }),
    {
      title: 'Preview of the longest delays out of Seattle',
      task: async (_, task) => {
        const startedAt = performance.now();
        const preview = await answered(
          api.GET(`${TABLE}/preview`, {
            params: {
              path: tablePath(bucket, 'flights'),
              query: { limit: 3, filter: "origin = 'SEA'", order_by: 'delay desc' },
            },
          }),
        );
        const delays = preview.rows.map((row) => `${row.destination} ${row.delay} min`).join(', ');
        task.title = `Preview: ${note('Preview of the longest delays out of Seattle', `${delays}; ${seconds(startedAt)}`)}`;
      },
    },
    exportTask('Export of one airport to CSV', 'flights', { format: 'csv', where_filter: "origin = 'SEA'" }),
    exportTask('Export of everything to Parquet (zstd)', 'flights', { format: 'parquet', compression: 'zstd' }),
    {
      title: 'What the project holds now',
      task: async (_, task) => {
        const stats = await answered(
          api.GET('/projects/{project_id}/stats', { params: { path: { project_id: projectId } } }),
        );
        task.title = `Project: ${note(
          'What the project holds now',
          `${stats.bucket_count} buckets, ${stats.table_count} tables, ${megabytes(stats.size_bytes)}`,
        )}`;
      },
    },
  ],
  { rendererOptions: { collapseSubtasks: false }, fallbackRenderer: 'simple' },
);

try {
  await tasks.run();
  console.log(`\nSummary of ${projectId} (kept; delete it with DELETE ${baseUrl}/projects/${projectId}):`);
  for (const { what, figures } of report) console.log(`  ${what}\n    ${figures}`);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
