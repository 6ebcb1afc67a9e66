import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Api, errorCode, mustSucceed, type Answer } from '../../../../acceptance/helpers/api.js';
import { startServer, type ServerProcess } from '../../../../acceptance/helpers/server-process.js';
import { runDoctor } from './support/doctor.js';
import { LoopDisk, whyNoLoopDisk } from './support/loop-disk.js';
import { observe } from './support/observe.js';
import * as operations from './support/operations.js';
import type { Operation } from './support/operations.js';
import { csvOf, differences, factsOf, makeRows, type FileModel, type Row, type World } from './support/world.js';

const MB = 1024 * 1024;
const DISK_BYTES = 192 * MB;
const RESERVE_BYTES = 24 * MB;
const REFUSED = [507, 'storage_full'];

const obstacle = whyNoLoopDisk('ext4');
const projectId = 'p1';
const at = (table: string): operations.TablePlace => ({ projectId, bucket: 'b', table });

let disk: LoopDisk;
let server: ServerProcess;
let admin: Api;
let world: World;
let count = 0;

async function start(reserveBytes: number): Promise<void> {
  disk = await LoopDisk.make('ext4', DISK_BYTES);
  const dataDir = join(disk.mountPoint, 'data');
  await mkdir(dataDir);
  server = await startServer({
    dataDir,
    env: { DISK_RESERVE_BYTES: String(reserveBytes) },
    expectedErrors: [/full|ENOSPC|No space|storage_full|disk I\/O/i],
  });
  admin = new Api(server.baseUrl, server.adminKey);
  world = {};
  await perform(operations.createProject(key(), projectId));
  await perform(operations.createBucket(key(), projectId, 'b'));
  await perform(operations.createTable(key(), at('kept'), true));
  await perform(operations.createTable(key(), at('dropped'), false));
  const file = await addFile(makeRows('first', 1, 1_000));
  await perform(operations.importFile(key(), at('kept'), file, false));
  await perform(operations.importFile(key(), at('dropped'), file, false));
}

const key = (): string => `full-disk-${(count += 1)}`;

async function perform(operation: Operation): Promise<unknown> {
  const answer = mustSucceed(await operation.send(admin));
  world = operation.after(world, answer);
  return answer;
}

async function addFile(rows: readonly Row[], options: { readonly content?: Uint8Array } = {}): Promise<FileModel> {
  const prepared = await perform(operations.prepareUpload(key(), projectId));
  const { content } = options;
  const uploadKey = operations.textMember(prepared, 'upload_key') ?? '';
  const session = { projectId, rows, uploadKey, ...(content === undefined ? {} : { content }) };
  await perform(operations.sendUpload(key(), session));
  return await registered(session);
}

async function registered(session: operations.Session): Promise<FileModel> {
  await perform(operations.registerUpload(key(), session));
  const file = world[session.projectId]?.files.at(-1);
  if (file === undefined) throw new Error('the file is not in the world');
  return file;
}

const outcome = (answer: Answer): [number, string | undefined] => [answer.status, errorCode(answer)];

async function expectNothingLost(): Promise<void> {
  const { facts } = await observe(admin, Object.keys(world));
  expect(differences(factsOf(world), facts)).toEqual([]);
}

/** Writes a file beside the data until only `leftBytes` are free. */
async function fillDisk(leftBytes: number): Promise<void> {
  const ballast = await open(join(disk.mountPoint, 'ballast'), 'a');
  try {
    for (let chunkBytes = MB; chunkBytes >= 4096; chunkBytes /= 4) {
      for (;;) {
        const { bavail, bsize } = await statfs(disk.mountPoint);
        if (bavail * bsize - chunkBytes < leftBytes) break;
        await ballast.write(Buffer.alloc(chunkBytes, 1));
        await ballast.sync();
      }
    }
  } finally {
    await ballast.close();
  }
}

const clearDisk = (): Promise<void> => rm(join(disk.mountPoint, 'ballast'));

interface Health {
  readonly disk: { readonly writable: boolean; readonly available_bytes: number };
}

const diskOf = async (): Promise<Health['disk']> => (await admin.get<Health>('/health')).body.disk;

/** The service asks the kernel for free space once a second. */
async function untilWritable(expected: boolean): Promise<void> {
  await expect.poll(async () => (await diskOf()).writable, { timeout: 10_000 }).toBe(expected);
}

async function untilAvailable(bytes: number): Promise<void> {
  await expect.poll(async () => (await diskOf()).available_bytes, { timeout: 10_000 }).toBeGreaterThan(bytes);
}

describe.skipIf(obstacle !== undefined)(`A full disk${obstacle === undefined ? '' : ` (skipped: ${obstacle})`}`, () => {
  afterEach(async () => {
    try {
      const { dataDir } = server;
      await server.stop();
      expect((await runDoctor(dataDir)).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    } finally {
      await disk[Symbol.asyncDispose]();
    }
  });

  it('refuses every kind of write with 507 below the reserve, and takes deletes until there is room again', async () => {
    await start(RESERVE_BYTES);
    const [file] = world[projectId]?.files ?? [];
    if (file === undefined) throw new Error('no file');
    const prepared = mustSucceed(await operations.prepareUpload(key(), projectId).send(admin));
    const session = {
      projectId,
      rows: file.rows ?? [],
      uploadKey: operations.textMember(prepared, 'upload_key') ?? '',
    };
    await fillDisk(RESERVE_BYTES / 2);
    await untilWritable(false);

    for (const operation of [
      operations.createProject(key(), 'p2'),
      operations.createBucket(key(), projectId, 'c'),
      operations.createTable(key(), at('other'), false),
      operations.importFile(key(), at('kept'), file, false),
      operations.importFile(key(), at('kept'), file, true),
      operations.exportTable(key(), at('kept')),
      operations.prepareUpload(key(), projectId),
      operations.sendUpload(key(), session),
    ]) {
      expect(outcome(await operation.send(admin)), operation.label).toEqual(REFUSED);
    }
    await expectNothingLost();
    await perform(operations.deleteTable(key(), at('dropped')));
    await perform(operations.deleteFile(key(), projectId, file));
    await expectNothingLost();

    await clearDisk();
    await untilWritable(true);
    await perform(operations.createTable(key(), at('again'), false));
    await perform(operations.importFile(key(), at('again'), await addFile(makeRows('again', 1, 100)), false));
    await expectNothingLost();
  });

  it('lets deletes in the service itself make room', async () => {
    await start(RESERVE_BYTES);
    const content = Buffer.from(csvOf(makeRows('fill', 1, 150_000)));
    const files: FileModel[] = [];
    let refusal: Answer | undefined;
    while (refusal === undefined) {
      // The service remembers the free space for a second, so it is the upload that meets the reserve as often as its preparation.
      const prepared = await operations.prepareUpload(key(), projectId, content.length).send(admin);
      const session = {
        projectId,
        rows: [],
        content,
        uploadKey: operations.textMember(prepared.body, 'upload_key') ?? '',
      };
      const sent = prepared.status < 400 ? await operations.sendUpload(key(), session).send(admin) : prepared;
      if (sent.status >= 400) refusal = sent;
      else files.push(await registered(session));
    }
    expect(files.length).toBeGreaterThan(5);
    expect(outcome(refusal)).toEqual(REFUSED);
    await expectNothingLost();
    for (const file of files) await perform(operations.deleteFile(key(), projectId, file));
    await untilWritable(true);
    await addFile(makeRows('again', 1, 100));
    await expectNothingLost();
  });

  it('answers 507 when the last byte goes in the middle of a write, and changes nothing', async () => {
    await start(0);
    // Compressed, so that its size says little about the room it takes.
    const rows = makeRows('big', 1, 400_000);
    const big = await addFile(rows, { content: gzipSync(csvOf(rows)) });
    await fillDisk(4 * MB);
    for (const incremental of [false, true]) {
      const answer = await operations.importFile(key(), at('kept'), big, incremental).send(admin);
      expect(outcome(answer), answer.text).toEqual(REFUSED);
    }
    await expectNothingLost();
    await fillDisk(0);
    for (const operation of [
      operations.createTable(key(), at('other'), false),
      operations.createProject(key(), 'p2'),
      operations.exportTable(key(), at('kept')),
      operations.importFile(key(), at('kept'), big, false),
    ]) {
      expect(outcome(await operation.send(admin)), operation.label).toEqual(REFUSED);
    }
    await expectNothingLost();
    await clearDisk();
    await untilAvailable(64 * MB);
    await perform(operations.importFile(key(), at('kept'), big, true));
    await perform(operations.deleteTable(key(), at('dropped')));
    await expectNothingLost();
  });
});
