import { describe, expect, it } from 'vitest';
import { errorCode, mustSucceed, type Answer } from '../helpers/api.js';
import {
  createProjectWithBucket,
  createTable,
  exportAndDownload,
  getTable,
  importContent,
  importFile,
  rowsOf,
  uploadFile,
  type Table,
} from '../helpers/storage.js';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const INCREMENTAL = { import_options: { incremental: true } };

const ROWS = 500;
/** One version of a table in which every row carries the same marker. */
const uniform = (marker: number): string =>
  `id,marker\n${Array.from({ length: ROWS + marker }, (_, n) => `${n},${marker}`).join('\n')}\n`;

describe('20 writers on one table', () => {
  it('append: every row is there exactly once', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { writer: 'INTEGER', round: 'INTEGER' });
    const write = async (writer: number): Promise<number[]> => {
      const statuses: number[] = [];
      for (let round = 0; round < 3; round++) {
        statuses.push((await importContent(table, `writer,round\n${writer},${round}\n`, INCREMENTAL)).status);
      }
      return statuses;
    };
    const statuses = (await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)))).flat();
    expect(new Set(statuses)).toEqual(new Set([200]));

    const rows = (await rowsOf(table)).map(([writer, round]) => `${String(writer)}/${String(round)}`);
    expect(rows).toHaveLength(60);
    expect(new Set(rows).size).toBe(60);
  });

  it('upsert one key: one row, and the counts add up', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', writer: 'INTEGER' }, { primaryKey: ['id'] });
    const reports = await Promise.all(
      Array.from({ length: 20 }, async (_, writer) =>
        mustSucceed(await importContent(table, `id,writer\n1,${writer}\n${100 + writer},${writer}\n`, INCREMENTAL)),
      ),
    );
    const inserted = reports.reduce((sum, report) => sum + report.inserted_rows, 0);
    const updated = reports.reduce((sum, report) => sum + report.updated_rows, 0);
    expect([inserted, updated]).toEqual([21, 19]);
    expect((await getTable(table)).row_count).toBe(21);
  });
});

describe('readers', () => {
  it('always see one whole version, in previews and exports, while writers replace it', async () => {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', marker: 'INTEGER' });
    const files = await Promise.all(Array.from({ length: 12 }, (_, marker) => uploadFile(project, uniform(marker))));
    mustSucceed(await importFile(table, files[0]?.id ?? ''));

    let writing = true;
    const seen = new Set<number>();
    const readPreviews = async (): Promise<void> => {
      while (writing) {
        const rows = await rowsOf(table);
        const markers = new Set(rows.map((row) => row[1]));
        expect(markers.size).toBe(1);
        const [marker] = markers;
        expect(rows).toHaveLength(ROWS + Number(marker));
        seen.add(Number(marker));
      }
    };
    const readExports = async (): Promise<void> => {
      while (writing) {
        const { report, bytes } = await exportAndDownload(table);
        const lines = bytes.toString('utf8').trimEnd().split('\n').slice(1);
        const markers = new Set(lines.map((line) => line.split(',')[1]));
        expect(markers.size).toBe(1);
        expect(lines).toHaveLength(ROWS + Number([...markers][0]));
        expect(report.rows_exported).toBe(lines.length);
      }
    };
    const readers = Promise.all([readPreviews(), readPreviews(), readPreviews(), readExports(), readExports()]);
    try {
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(files.map((file) => importFile(table, file.id)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      }
    } finally {
      writing = false;
    }
    await readers;
    expect(seen.size).toBeGreaterThan(3);
  });
});

describe('a delete while others work', () => {
  const settled = (answers: readonly Answer[]): void => {
    for (const answer of answers) {
      expect([200, 204, 404], answer.text).toContain(answer.status);
      if (answer.status === 404) expect(errorCode(answer)).toMatch(/table_not_found|bucket_not_found/);
    }
  };

  async function filledTable(): Promise<{ table: Table; fileId: string; bucketPath: string }> {
    const { project, bucket } = await createProjectWithBucket(server.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER', marker: 'INTEGER' });
    const lines = Array.from({ length: 200_000 }, (_, n) => `${n},1`);
    const file = await uploadFile(project, `id,marker\n${lines.join('\n')}\n`);
    mustSucceed(await importFile(table, file.id));
    return { table, fileId: file.id, bucketPath: `${project.bucketsPath}/${bucket}` };
  }

  it('of the table: everyone gets a success or a 404', async () => {
    for (let round = 0; round < 3; round++) {
      const { table, fileId } = await filledTable();
      const { api } = table.project;
      const work = [
        ...Array.from({ length: 4 }, () => importFile(table, fileId, INCREMENTAL)),
        ...Array.from({ length: 4 }, () => api.get(`${table.path}/preview?limit=10000`)),
        ...Array.from({ length: 3 }, () => api.post(`${table.path}/export`, {})),
      ];
      const deleted = await api.delete(table.path);
      settled([...(await Promise.all(work)), deleted]);
      expect((await api.get(table.path)).status).toBe(404);
      mustSucceed(
        await api.post(table.path.slice(0, table.path.lastIndexOf('/')), {
          name: table.name,
          columns: [{ name: 'x', type: 'INT' }],
        }),
      );
      expect((await getTable(table)).row_count).toBe(0);
    }
  });

  it('of the imported file: the import gets all of it or a 404', async () => {
    const { table } = await filledTable();
    const { project } = table;
    const lines = Array.from({ length: 100_000 }, (_, n) => `${n},7`);
    for (let round = 0; round < 5; round++) {
      const file = await uploadFile(project, `id,marker\n${lines.join('\n')}\n`);
      const importing = Array.from({ length: 3 }, () => importFile(table, file.id));
      const deleted = await project.api.delete(`${project.filesPath}/${file.id}`);
      expect(deleted.status).toBe(204);
      for (const answer of await Promise.all(importing)) {
        expect([200, 404], answer.text).toContain(answer.status);
        if (answer.status === 200) expect(answer.body.table_rows_after).toBe(lines.length);
        else expect(errorCode(answer)).toMatch(/^file_(content_)?not_found$/);
      }
    }
  });

  it('of the bucket and of the project', async () => {
    const { table, fileId, bucketPath } = await filledTable();
    const { api } = table.project;
    const work = [importFile(table, fileId), api.post(`${table.path}/export`, {}), api.get(`${table.path}/preview`)];
    const deleted = await api.delete(bucketPath);
    expect(deleted.status).toBe(204);
    settled(await Promise.all(work));
    expect((await api.get(bucketPath)).status).toBe(404);

    const second = await filledTable();
    const more = [
      importFile(second.table, second.fileId),
      second.table.project.api.post(`${second.table.path}/export`, {}),
      second.table.project.api.get(`${second.table.path}/preview`),
    ];
    expect((await server.admin.delete(second.table.project.path)).status).toBe(204);
    for (const answer of await Promise.all(more)) expect(answer.status, answer.text).toBeLessThan(500);
    expect((await server.admin.get(second.table.project.path)).body).toMatchObject({ status: 'deleted' });
  });
});

describe('a full queue', () => {
  const limited = useServer({ env: { TABLE_QUEUE_LIMIT: '2', ENGINE_JOB_WORKERS: '1' } });

  it('answers 429 with Retry-After and loses nothing', async () => {
    const { project, bucket } = await createProjectWithBucket(limited.admin);
    const table = await createTable(project, bucket, { id: 'INTEGER' });
    const lines = Array.from({ length: 300_000 }, (_, n) => n);
    const file = await uploadFile(project, `id\n${lines.join('\n')}\n`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => importFile(table, file.id, INCREMENTAL)));
    const accepted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(accepted.length).toBeGreaterThanOrEqual(3);
    for (const answer of refused) {
      expect([answer.status, errorCode(answer)]).toEqual([429, 'table_busy']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect((await getTable(table)).row_count).toBe(accepted.length * lines.length);
  });
});
