import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Api, errorCode, mustSucceed, type Answer } from '../../../../acceptance/helpers/api.js';
import { startServer, type ServerProcess } from '../../../../acceptance/helpers/server-process.js';
import { runDoctor } from './support/doctor.js';
import { LoopDisk, whyNoLoopDisk } from './support/loop-disk.js';
import { observe } from './support/observe.js';
import * as operations from './support/operations.js';
import type { Operation } from './support/operations.js';
import { differences, factsOf, makeRows, type FileModel, type Row, type World } from './support/world.js';

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

async function addFile(rows: readonly Row[]): Promise<FileModel> {
  const prepared = await perform(operations.prepareUpload(key(), projectId));
  const session = { projectId, rows, uploadKey: operations.textMember(prepared, 'upload_key') ?? '' };
  await perform(operations.sendUpload(key(), session));
  await perform(operations.registerUpload(key(), session));
  const file = world[projectId]?.files.at(-1);
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

/** The service asks the kernel for free space once a second. */
async function untilWritable(expected: boolean): Promise<void> {
  await expect
    .poll(async () => (await admin.get<{ disk: { writable: boolean } }>('/health')).body.disk.writable, {
      timeout: 10_000,
    })
    .toBe(expected);
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
    const session = { projectId, rows: file.rows ?? [], uploadKey: operations.textMember(prepared, 'upload_key') ?? '' };
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
    const files: FileModel[] = [];
    let refusal: Answer | undefined;
    for (let number = 1; refusal === undefined && number <= 100; number += 1) {
      const prepared = await operations.prepareUpload(key(), projectId).send(admin);
      if (prepared.status !== 201 && prepared.status !== 200) {
        refusal = prepared;
        break;
      }
      const rows = makeRows(`fill${number}`, 1, 150_000);
      const session = { projectId, rows, uploadKey: operations.textMember(prepared.body, 'upload_key') ?? '' };
      const sent = await operations.sendUpload(key(), session).send(admin);
      if (sent.status !== 200) {
        refusal = sent;
        break;
      }
      await perform(operations.registerUpload(key(), session));
      files.push(world[projectId]?.files.at(-1) ?? { id: null, sha256: '', rows: null });
    }
    expect(refusal === undefined ? undefined : outcome(refusal)).toEqual(REFUSED);console.error('REFUSAL', refusal?.text, refusal?.headers.get('connection'));
    await expectNothingLost();
    for (const file of files) await perform(operations.deleteFile(key(), projectId, file));
    await untilWritable(true);
    await addFile(makeRows('again', 1, 100));
    await expectNothingLost();
  });

  it('answers 507 when the last byte goes in the middle of a write, and changes nothing', async () => {
    await start(0);
    const big = await addFile(makeRows('big', 1, 400_000));
    await fillDisk(2 * MB);
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
    await perform(operations.importFile(key(), at('kept'), big, true));
    await perform(operations.deleteTable(key(), at('dropped')));
    await expectNothingLost();
  });
});
