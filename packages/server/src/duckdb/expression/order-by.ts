import { DomainError } from '../../errors/domain-error.js';
import { nameKey, type TableShape } from '../../model/columns.js';
import { quoteIdentifier } from '../quoting.js';

const MAX_LENGTH = 16_384;

const ITEM =
  /\s*(?:data\s*\.\s*)?(?:"(?<quoted>(?:[^"]|"")+)"|(?<plain>[\p{L}_][\p{L}\p{N}_$]*))(?:\s+(?<direction>asc|desc))?(?:\s+nulls\s+(?<nulls>first|last))?\s*(?<separator>,|$)/iuy;

/**
 * `column [asc|desc] [nulls first|last], …` checked against the table and written anew. Nothing but columns: an order by
 * expressions could cost anything, and a number would mean a place in the select list.
 */
export function parseOrderBy(text: string, shape: TableShape): string {
  const columns = new Map(shape.columns.map((column) => [nameKey(column.name), column.name]));
  if (text.length > MAX_LENGTH) throw failure(text, `it is longer than ${MAX_LENGTH} characters`);
  const items: string[] = [];
  for (let position = 0; ;) {
    ITEM.lastIndex = position;
    const groups = ITEM.exec(text)?.groups;
    if (groups === undefined) {
      throw failure(
        text,
        `write column [asc|desc] [nulls first|last], separated by commas (at position ${position + 1})`,
      );
    }
    const name = groups.quoted?.replaceAll('""', '"') ?? groups.plain ?? '';
    const column = columns.get(nameKey(name));
    if (column === undefined)
      throw failure(
        text,
        `the table has no column "${name}"; its columns are ${[...columns.values()].slice(0, 50).join(', ')}`,
      );
    const direction = groups.direction === undefined ? '' : ` ${groups.direction.toUpperCase()}`;
    const nulls = groups.nulls === undefined ? '' : ` NULLS ${groups.nulls.toUpperCase()}`;
    items.push(`${quoteIdentifier(column)}${direction}${nulls}`);
    if (groups.separator === '') return items.join(', ');
    position = ITEM.lastIndex;
  }
}

function failure(text: string, reason: string): DomainError {
  return new DomainError('invalid_order_by', `Invalid order: ${reason}.`, { order_by: text.slice(0, 200) });
}
