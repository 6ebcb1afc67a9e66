import { create, toBinary } from '@bufbuild/protobuf';
import { NullValue, ValueSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  PreviewTableResponse_Row_ColumnSchema,
  PreviewTableResponse_RowSchema,
  PreviewTableResponseSchema,
} from './gen/proto/table_pb.js';
import { CutText, writePreview, type PreviewCell } from './preview-answer.js';
import { BackwardWriter } from './wire/backward-writer.js';

function byTheLibrary(columns: readonly string[], rows: readonly (readonly PreviewCell[])[]): Uint8Array {
  const cellOf = (columnName: string | undefined, cell: PreviewCell) =>
    create(PreviewTableResponse_Row_ColumnSchema, {
      ...(columnName === undefined ? {} : { columnName }),
      isTruncated: cell instanceof CutText,
      value: create(ValueSchema, {
        kind:
          cell === null
            ? { case: 'nullValue', value: NullValue.NULL_VALUE }
            : { case: 'stringValue', value: typeof cell === 'string' ? cell : cell.text },
      }),
    });
  const rowOf = (cells: readonly PreviewCell[]) =>
    create(PreviewTableResponse_RowSchema, { columns: cells.map((cell, index) => cellOf(columns[index], cell)) });
  return toBinary(
    PreviewTableResponseSchema,
    create(PreviewTableResponseSchema, { columns: [...columns], rows: rows.map(rowOf) }),
  );
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  // Around the places where a length takes one more byte.
  fc.constantFrom(100, 117, 120, 127, 128, 16_250, 16_383, 16_384).map((length) => 'é'.repeat(length / 2)),
);
const cell = fc.oneof(
  fc.constant(null),
  text,
  text.map((one) => new CutText(one)),
);
const preview = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 5 })
  .chain((columns) =>
    fc.tuple(
      fc.constant(columns),
      fc.array(fc.array(cell, { minLength: columns.length, maxLength: columns.length }), { maxLength: 4 }),
    ),
  );

it('writes the bytes that the library writes', () => {
  fc.assert(
    fc.property(preview, ([columns, rows]) => {
      const writer = new BackwardWriter();
      writePreview(writer, columns, rows);
      expect(writer.finish()).toEqual(Buffer.from(byTheLibrary(columns, rows)));
    }),
    { numRuns: 60 },
  );
});
