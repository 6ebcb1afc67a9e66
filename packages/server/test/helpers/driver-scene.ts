import { create } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { MessageInitShape } from '@bufbuild/protobuf';
import * as buckets from '../../src/protocols/driver/gen/proto/bucket_pb.js';
import * as info from '../../src/protocols/driver/gen/proto/info_pb.js';
import * as projects from '../../src/protocols/driver/gen/proto/project_pb.js';
import * as tables from '../../src/protocols/driver/gen/proto/table_pb.js';
import { DriverClient } from './driver-client.js';
import { TEST_ADMIN_KEY, uploadFile, type TestApp } from './test-app.js';

export type Cell = string | null;

/** A project with one bucket, and what tests say in one line. */
export class DriverScene {
  private constructor(
    readonly app: TestApp,
    readonly projectId: string,
    readonly admin: DriverClient,
    readonly client: DriverClient,
    readonly bucket: string,
  ) {}

  static async open(app: TestApp, projectId: string): Promise<DriverScene> {
    const admin = new DriverClient(app.address, TEST_ADMIN_KEY);
    const { response } = await admin.run(
      projects.CreateProjectCommandSchema,
      { projectId },
      projects.CreateProjectResponseSchema,
    );
    const client = admin.withKey(response.projectPassword);
    const made = await client.run(
      buckets.CreateBucketCommandSchema,
      { projectId, bucketId: 'in.c-main' },
      buckets.CreateBucketResponseSchema,
    );
    return new DriverScene(app, projectId, admin, client, made.response.createBucketObjectName);
  }

  /** Columns as `name TYPE`, `name TYPE!` for NOT NULL. */
  async table(name: string, columns: readonly string[], primaryKeysNames: string[] = []) {
    const { response } = await this.client.run(
      tables.CreateTableCommandSchema,
      { path: [this.bucket], tableName: name, columns: columns.map(columnFrom), primaryKeysNames },
      info.ObjectInfoResponseSchema,
    );
    return response;
  }

  upload(name: string, content: string | Uint8Array): Promise<string> {
    return uploadFile(this.app, this.projectId, name, content);
  }

  /** Uploads the text and imports it. */
  async load(
    tableName: string,
    content: string | Uint8Array,
    columnsNames: string[],
    importOptions: MessageInitShape<typeof tables.ImportExportShared_ImportOptionsSchema> = {},
    csv: MessageInitShape<typeof tables.TableImportFromFileCommand_CsvTypeOptionsSchema> = {},
  ) {
    const fileId = await this.upload('data.csv', content);
    return await this.importFile(
      tableName,
      { root: `project_${this.projectId}`, fileName: fileId },
      columnsNames,
      importOptions,
      csv,
    );
  }

  async importFile(
    tableName: string,
    filePath: MessageInitShape<typeof tables.ImportExportShared_FilePathSchema>,
    columnsNames: string[],
    importOptions: MessageInitShape<typeof tables.ImportExportShared_ImportOptionsSchema> = {},
    csv: MessageInitShape<typeof tables.TableImportFromFileCommand_CsvTypeOptionsSchema> = {},
    options: { readonly runId?: string } = {},
  ) {
    const { response } = await this.client.run(
      tables.TableImportFromFileCommandSchema,
      this.importCommand(tableName, filePath, columnsNames, importOptions, csv),
      tables.TableImportResponseSchema,
      options,
    );
    return response;
  }

  importCommand(
    tableName: string,
    filePath: MessageInitShape<typeof tables.ImportExportShared_FilePathSchema>,
    columnsNames: string[],
    importOptions: MessageInitShape<typeof tables.ImportExportShared_ImportOptionsSchema> = {},
    csv: MessageInitShape<typeof tables.TableImportFromFileCommand_CsvTypeOptionsSchema> = {},
  ): MessageInitShape<typeof tables.TableImportFromFileCommandSchema> {
    const schema = tables.TableImportFromFileCommand_CsvTypeOptionsSchema;
    return {
      filePath,
      formatTypeOptions: anyPack(schema, create(schema, { columnsNames, delimiter: ',', enclosure: '"', ...csv })),
      destination: { path: [this.bucket], tableName },
      importOptions,
    };
  }

  /** Rows as lists of texts. */
  async rows(
    tableName: string,
    columns: string[],
    filters: MessageInitShape<typeof tables.ImportExportShared_ExportFiltersSchema> = {},
    orderBy = columns.slice(0, 1).map((columnName) => ({ columnName })) as MessageInitShape<
      typeof tables.ImportExportShared_ExportOrderBySchema
    >[],
  ): Promise<Cell[][]> {
    const { response } = await this.client.run(
      tables.PreviewTableCommandSchema,
      { path: [this.bucket], tableName, columns, filters, orderBy },
      tables.PreviewTableResponseSchema,
    );
    return response.rows.map((row) =>
      row.columns.map(({ value }) => (value?.kind.case === 'stringValue' ? value.kind.value : null)),
    );
  }
}

function columnFrom(text: string) {
  const [name = '', ...words] = text.split(' ');
  const type = words.join(' ');
  return { name, type: type.replace('!', ''), nullable: !type.endsWith('!') };
}
