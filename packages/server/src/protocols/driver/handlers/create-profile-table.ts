import { create } from '@bufbuild/protobuf';
import { QUANTILES } from '../../../model/table-profile.js';
import type { ColumnProfile } from '../../../services/table-profiles.js';
import { defineCommand } from '../define-command.js';
import {
  CreateProfileTableCommandSchema,
  CreateProfileTableResponse_ColumnSchema,
  CreateProfileTableResponseSchema,
} from '../gen/proto/table_pb.js';

const MEDIAN = QUANTILES.indexOf(0.5);

export const createProfileTable = defineCommand({
  level: 'project',
  operation: 'table.profile',
  summary: 'Measures a table: rows and bytes, and of each column how many values differ, repeat and are missing.',
  request: CreateProfileTableCommandSchema,
  response: CreateProfileTableResponseSchema,
  run: async (call, { path, tableName }) => {
    const ref = call.table(path, tableName);
    await call.mustMayRead('table.profile', ref.projectId, ref);
    const input = { mode: 'basic', columns: null, sample: null, valueForm: 'native' } as const;
    const { table, profiledRows, columns } = await call.services.profiles.profile(ref, input, call.signal);
    return create(CreateProfileTableResponseSchema, {
      path,
      tableName,
      profile: JSON.stringify({
        rowCount: table.current.rowCount,
        columnCount: table.current.columns.length,
        dataSize: table.current.sizeBytes,
      }),
      columns: columns.map((column) =>
        create(CreateProfileTableResponse_ColumnSchema, {
          name: column.name,
          profile: JSON.stringify(profileOf(column, profiledRows)),
        }),
      ),
    });
  },
});

function profileOf(column: ColumnProfile, rowCount: number): Record<string, unknown> {
  const { distinctCount, nonNullCount, numeric, text } = column;
  return {
    distinctCount,
    duplicateCount: nonNullCount - distinctCount,
    nullCount: rowCount - nonNullCount,
    ...(numeric === null
      ? {}
      : {
          numericStatistics: {
            avg: rounded(numeric.average, 6),
            median: numeric.quantiles[MEDIAN] ?? null,
            min: parsed(column.minJson),
            max: parsed(column.maxJson),
          },
        }),
    ...(text === null
      ? {}
      : { length: { avg: rounded(text.averageLength, 4), min: text.minLength, max: text.maxLength } }),
  };
}

/** Decimals are texts in the JSON of their value. */
function parsed(json: string | null): number | null {
  if (json === null) return null;
  const value = Number(JSON.parse(json));
  return Number.isFinite(value) ? value : null;
}

function rounded(value: number | null, places: number): number | null {
  return value === null ? null : Number(value.toFixed(places));
}
