import { DomainError } from '../../../errors/domain-error.js';
import { nameKey, type ColumnChanges, type ColumnDefinition } from '../../../model/columns.js';
import { defineCommand } from '../define-command.js';
import { DRIVER_CODES, DriverFailure, invalid } from '../driver-failure.js';
import { ObjectInfoResponseSchema } from '../gen/proto/info_pb.js';
import { AlterColumnCommandSchema, type TableColumnShared } from '../gen/proto/table_pb.js';
import { defaultExpression } from '../shapes/column-default.js';
import { typeText } from '../shapes/column-definition.js';
import { tableObjectInfo } from '../shapes/table-info.js';

/** The reference calls the attributes by their short names. */
const ATTRIBUTES: Readonly<
  Record<string, (wanted: TableColumnShared, current: ColumnDefinition) => ColumnChanges | undefined>
> = {
  'KBC.datatype.nullable': (wanted) => (wanted.nullable ? { nullable: true } : undefined),
  'KBC.datatype.length': (wanted, current) => ({
    type: typeText(wanted.type || current.type.replace(/\(.*$/s, ''), wanted.length),
  }),
  'KBC.datatype.default': (wanted, current) => ({ default: defaultExpression(wanted.default, current.type) }),
};
const SHORT_NAMES: Readonly<Record<string, string>> = {
  nullable: 'KBC.datatype.nullable',
  length: 'KBC.datatype.length',
  default: 'KBC.datatype.default',
};

/**
 * Each attribute is a change of its own. What cannot be done is said in the messages, from which Connection makes the user's error; the
 * command itself succeeds and answers the table as it is then.
 */
export const alterColumn = defineCommand({
  level: 'project',
  operation: 'column.alter',
  summary: 'Changes nullable, length and default of a column, each on its own; the messages say what was done.',
  request: AlterColumnCommandSchema,
  response: ObjectInfoResponseSchema,
  run: async (call, { path, tableName, desiredDefiniton: wanted, attributesToUpdate }) => {
    const ref = call.table(path, tableName);
    if (wanted === undefined || wanted.name === '') throw invalid('The wanted definition of the column is missing.');
    for (const attribute of attributesToUpdate) {
      if (ATTRIBUTES[SHORT_NAMES[attribute] ?? attribute] === undefined) {
        throw invalid(`The attribute "${attribute}" of a column cannot be changed.`, { attribute });
      }
    }
    await call.mustMayRead('table.get', ref.projectId, ref);
    const column = requireColumn(await call.services.tables.get(ref), wanted.name);
    const plans = attributesToUpdate.map((attribute) => ({
      attribute,
      changes: ATTRIBUTES[SHORT_NAMES[attribute] ?? attribute]?.(wanted, column),
    }));
    for (const { attribute, changes } of plans) {
      if (changes === undefined) continue;
      try {
        await call.step(
          {
            operation: 'column.alter',
            projectId: ref.projectId,
            resourceId: `${ref.bucketName}.${tableName}.${column.name}`,
          },
          (change) => call.services.schemas.alterColumn(change, ref, column.name, changes),
        );
        call.log.informational(attribute);
      } catch (error) {
        if (!(error instanceof DomainError) || error.retryable || error.code === 'forbidden') throw error;
        call.log.error(`"${attribute}": ${error.message}`);
      }
    }
    return tableObjectInfo(await call.services.tables.get(ref), path);
  },
});

function requireColumn(
  table: { readonly name: string; readonly current: { readonly columns: readonly ColumnDefinition[] } },
  name: string,
): ColumnDefinition {
  const column = table.current.columns.find((each) => nameKey(each.name) === nameKey(name));
  if (column !== undefined) return column;
  throw new DriverFailure('not_found', DRIVER_CODES.columnNotFound, `Table ${table.name} has no column "${name}".`, {
    context: { column: name },
  });
}
