import { readFileSync } from 'node:fs';
import {
  create,
  fromBinary,
  fromJson,
  ScalarType,
  toBinary,
  toJson,
  type DescEnum,
  type DescField,
  type DescMessage,
} from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { commands, driverRegistry } from './commands.js';
import { DriverRequestSchema, DriverResponseSchema } from './gen/proto/common_pb.js';
import { StorageDriverService } from './gen/proto/service_pb.js';
import { DropTableCommandSchema } from './gen/proto/table_pb.js';

/** The facts of the protocol, as its other implementations have them; `proto/` is ours and must say the same. */
const facts = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/driver-protocol.json', import.meta.url), 'utf8'),
) as {
  packages: Record<string, string>;
  services: Record<string, Record<string, [string, string]>>;
  commands: Record<string, string | null>;
  enums: Record<string, string>;
  messages: Record<string, string[]>;
};

const own = [...driverRegistry].filter(({ typeName }) => typeName.startsWith('keboola.'));
const messages = own.filter((one): one is DescMessage => one.kind === 'message');
const enums = own.filter((one): one is DescEnum => one.kind === 'enum');

/** `1 path repeated string`, as the fixture writes a field. */
function fieldText(field: DescField): string {
  const label = field.fieldKind === 'map' ? 'map' : field.fieldKind === 'list' ? 'repeated' : 'singular';
  const more = [
    field.oneof === undefined ? [] : [`oneof=${field.oneof.name}`],
    field.proto.options?.deprecated === true ? ['deprecated'] : [],
    field.jsonName === field.name ? [] : [`json=${field.jsonName}`],
  ].flat();
  return [field.number, field.name, label, typeText(field), ...more].join(' ');
}

function typeText(field: DescField): string {
  if (field.fieldKind === 'map') return 'map<string,string>';
  if (field.message !== undefined) return field.message.typeName;
  if (field.enum !== undefined) return field.enum.typeName;
  return ScalarType[field.scalar ?? 0]?.toLowerCase() ?? 'unknown';
}

describe('the protocol files', () => {
  it('have the same messages with the same fields: numbers, names, labels, types, one-ofs', () => {
    const found = Object.fromEntries(
      messages.map((message) => [message.typeName, message.fields.map(fieldText).sort()]),
    );
    const known = Object.fromEntries(
      Object.entries(facts.messages).map(([name, fields]) => [name, [...fields].sort()]),
    );
    expect(found).toEqual(known);
    expect(messages).toHaveLength(138);
    expect(messages.flatMap(({ fields }) => fields)).toHaveLength(443);
  });

  it('have the same enumerations', () => {
    const found = enums.map(({ typeName, values }) => [
      typeName,
      values.map(({ name, number }) => `${name}=${number}`).join(' '),
    ]);
    expect(Object.fromEntries(found)).toEqual(facts.enums);
  });

  it('have the same packages, in the files that name the metadata classes of PHP', () => {
    const found = [...own, StorageDriverService].map(({ file }) => [`${file.name}.proto`, file.proto.package]);
    expect(Object.fromEntries(found)).toEqual(facts.packages);
  });

  it('have the same service', () => {
    const { typeName, methods } = StorageDriverService;
    const found = {
      [typeName]: Object.fromEntries(
        methods.map(({ name, input, output }) => [name, [input.typeName, output.typeName]]),
      ),
    };
    expect(found).toEqual(facts.services);
  });
});

describe('the commands', () => {
  it('are all 46 of the protocol, each with its answer', () => {
    expect(commands.map(({ request }) => request.typeName).sort()).toEqual(Object.keys(facts.commands).sort());
    for (const { request, response, unsupported } of commands) {
      expect(Object.keys(facts.commands)).toContain(request.typeName);
      if (unsupported === undefined)
        expect([request.name, response?.typeName ?? null]).toEqual([request.name, facts.commands[request.typeName]]);
    }
  });
});

describe('golden vectors of another implementation', () => {
  const request =
    '0a5c0a4f747970652e676f6f676c65617069732e636f6d2f6b65626f6f6c612e73746f726167654472697665722e63726564656e7469616c732e47656e657269634261636b656e6443726564656e7469616c7312090a01681201371a0173125e0a48747970652e676f6f676c65617069732e636f6d2f6b65626f6f6c612e73746f726167654472697665722e636f6d6d616e642e7461626c652e44726f705461626c65436f6d6d616e6412120a09696e5f635f74657374120575736572731a1073746f726167652d6272616e6368657322050a03312e32';
  const response =
    '0a610a4f747970652e676f6f676c65617069732e636f6d2f6b65626f6f6c612e73746f726167654472697665722e636f6d6d616e642e7461626c652e44656c6574655461626c65526f7773526573706f6e7365120e08031081808080808080101880601206080412026869';

  it('decode as a request, from bytes and from JSON', () => {
    const decoded = fromBinary(DriverRequestSchema, new Uint8Array(Buffer.from(request, 'hex')));
    const json = toJson(DriverRequestSchema, decoded, { registry: driverRegistry });
    expect(json).toEqual({
      credentials: {
        '@type': 'type.googleapis.com/keboola.storageDriver.credentials.GenericBackendCredentials',
        host: 'h',
        principal: '7',
        secret: 's',
      },
      command: {
        '@type': 'type.googleapis.com/keboola.storageDriver.command.table.DropTableCommand',
        path: ['in_c_test'],
        tableName: 'users',
      },
      features: ['storage-branches'],
      runtimeOptions: { runId: '1.2' },
    });
    expect(fromJson(DriverRequestSchema, json, { registry: driverRegistry })).toEqual(decoded);
    expect(decoded.command && anyUnpack(decoded.command, DropTableCommandSchema)?.tableName).toBe('users');
  });

  it('decode as a response; a count beyond the numbers of JavaScript stays exact', () => {
    const decoded = fromBinary(DriverResponseSchema, Buffer.from(response, 'hex'));
    expect(toJson(DriverResponseSchema, decoded, { registry: driverRegistry })).toEqual({
      commandResponse: {
        '@type': 'type.googleapis.com/keboola.storageDriver.command.table.DeleteTableRowsResponse',
        deletedRowsCount: '3',
        tableRowsCount: '9007199254740993',
        tableSizeBytes: '12288',
      },
      messages: [{ level: 'Warning', message: 'hi' }],
    });
    expect(Buffer.from(toBinary(DriverResponseSchema, decoded)).toString('hex')).toBe(response);
  });

  it('give an empty response no bytes', () => {
    expect(toBinary(DriverResponseSchema, create(DriverResponseSchema))).toHaveLength(0);
  });

  it('name types as the others do', () => {
    const packed = anyPack(DropTableCommandSchema, create(DropTableCommandSchema));
    expect(packed.typeUrl).toBe('type.googleapis.com/keboola.storageDriver.command.table.DropTableCommand');
  });
});
