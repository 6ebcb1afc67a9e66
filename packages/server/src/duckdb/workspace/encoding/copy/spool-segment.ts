import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Rows that DuckDB takes over in one statement: a file under a name that cannot be guessed. */
export class SpoolSegment {
  byteCount = 0;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    /** Of the COPY data, before the first row. */
    readonly linesBefore: number,
  ) {}

  static async create(directory: string, linesBefore: number): Promise<SpoolSegment> {
    const path = join(directory, `copy-${randomUUID()}.csv`);
    return new SpoolSegment(path, await open(path, 'wx', 0o600), linesBefore);
  }

  async append(rows: Uint8Array): Promise<void> {
    this.byteCount += rows.length;
    await this.file.appendFile(rows);
  }

  /** No more rows come; the file may be read. */
  async close(): Promise<void> {
    await this.file.close();
  }

  async remove(): Promise<void> {
    await this.file.close();
    await rm(this.path, { force: true });
  }
}
