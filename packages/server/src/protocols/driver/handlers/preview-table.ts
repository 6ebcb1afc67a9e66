import { nameKey } from '../../../model/columns.js';
import { isEmptyCondition, NO_CONDITION } from '../../../model/row-condition.js';
import { defineCommand, WrittenAnswer } from '../define-command.js';
import { invalid } from '../driver-failure.js';
import { PreviewTableCommandSchema, PreviewTableResponseSchema } from '../gen/proto/table_pb.js';
import { CutText, writePreview, type PreviewCell } from '../preview-answer.js';
import { conditionFrom, orderFrom } from '../shapes/row-filters.js';

const DEFAULT_ROWS = 100;
const MAX_ROWS = 1000;
const MAX_CHARACTERS = 16_384;

export const previewTable = defineCommand({
  level: 'project',
  operation: 'table.preview',
  summary: 'The first rows of a choice of columns and rows, every value as text.',
  request: PreviewTableCommandSchema,
  response: PreviewTableResponseSchema,
  run: async (call, { path, tableName, columns: wanted, orderBy, filters }) => {
    const ref = call.table(path, tableName);
    const limit = filters?.limit ?? 0;
    if (limit < 0 || limit > MAX_ROWS) throw invalid(`The limit must be 0 to ${MAX_ROWS}, not ${limit}.`, { limit });
    if (new Set(wanted).size !== wanted.length) throw invalid('A column is named twice.', { columns: wanted });
    const condition = filters === undefined ? NO_CONDITION : conditionFrom(filters);
    const order = orderFrom(orderBy);
    await call.mustMayRead('table.preview', ref.projectId, ref);
    const { table, rowsJson } = await call.services.tables.preview(
      ref,
      {
        columns: wanted.length === 0 ? null : wanted,
        filter: isEmptyCondition(condition) ? null : condition,
        orderBy: order.length === 0 ? null : order,
        limit: limit === 0 ? DEFAULT_ROWS : limit,
        asText: { maxCharacters: MAX_CHARACTERS },
      },
      call.signal,
    );
    const known = new Map(table.current.columns.map(({ name }) => [nameKey(name), name]));
    const columns = wanted.length === 0 ? [...known.values()] : wanted;
    const rows = JSON.parse(rowsJson) as Readonly<Record<string, string | null>>[];
    const keys = columns.map((name) => known.get(nameKey(name)) ?? name);
    const cells = rows.map((row) => keys.map((key) => cellOf(row[key] ?? null)));
    return new WrittenAnswer((writer) => writePreview(writer, columns, cells));
  },
});

/** The engine gives one character more than there may be, so that a cut can be told. */
function cellOf(value: string | null): PreviewCell {
  if (value === null || value.length <= MAX_CHARACTERS) return value;
  const characters = [...value];
  return characters.length <= MAX_CHARACTERS ? value : new CutText(characters.slice(0, MAX_CHARACTERS).join(''));
}
