import { DomainError } from '../../errors/domain-error.js';
import { nameKey, type ColumnDefinition, type TableShape } from '../../model/columns.js';
import { shorten } from './import-failure.js';

export interface LoadedColumn {
  readonly column: ColumnDefinition;
  /** 0-based position in the file. */
  readonly fileIndex: number;
}

export interface ColumnMapping {
  /** The columns to load, in the order of the table. */
  readonly loaded: readonly LoadedColumn[];
  readonly fileColumnCount: number;
  readonly warnings: readonly string[];
}

/** A hostile header can have a hundred thousand names. */
const SHOWN_NAMES = 100;

/**
 * Which column of the file goes to which column of the table.
 *
 *   names in the file     by name, in any order: exact first, then without regard to ASCII case
 *   no name fits at all   by position when the counts agree, with a warning (files with a foreign header)
 *   no header             by position; `selected` then says what the file's columns are
 *
 * `fileNames` is null for a file without a header, which has `fileColumnCount` columns (null: not known before reading, then the
 * engine refuses the rows that do not fit).
 */
export function mapColumns(
  shape: TableShape,
  fileNames: readonly string[] | null,
  fileColumnCount: number | null,
  selected: readonly string[] | null,
): ColumnMapping {
  const wanted = selected === null ? shape.columns : selectColumns(shape, selected);
  const mapping =
    fileNames === null
      ? mapByPosition(shape, wanted, fileColumnCount)
      : mapByName(shape, wanted, fileNames, selected !== null);
  mustLoadPrimaryKey(shape, mapping);
  return { ...mapping, loaded: inTableOrder(shape, mapping.loaded) };
}

function selectColumns(shape: TableShape, selected: readonly string[]): ColumnDefinition[] {
  const chosen: ColumnDefinition[] = [];
  for (const name of selected) {
    const column =
      shape.columns.find((candidate) => candidate.name === name) ??
      shape.columns.find((candidate) => nameKey(candidate.name) === nameKey(name));
    if (column === undefined) {
      throw new DomainError(
        'unknown_column',
        `The import option columns names ${JSON.stringify(shorten(name))}, which the table does not have.`,
        { column: shorten(name), table_columns: namesOf(shape.columns) },
      );
    }
    if (chosen.includes(column)) throw duplicateColumn(name, 'The import option columns');
    chosen.push(column);
  }
  if (chosen.length === 0)
    throw new DomainError('invalid_request', 'The import option columns is empty; leave it out to load all.');
  return chosen;
}

function mapByPosition(shape: TableShape, wanted: readonly ColumnDefinition[], count: number | null): ColumnMapping {
  if (count !== null && count !== wanted.length) {
    throw new DomainError(
      'column_mismatch',
      `The file has no header and ${count} columns; ${wanted.length} are expected (${shownNames(namesOf(wanted))}).`,
      {
        missing: namesOf(wanted.slice(count)),
        unexpected: [],
        file_columns: count,
        table_columns: namesOf(shape.columns),
      },
    );
  }
  return {
    loaded: wanted.map((column, fileIndex) => ({ column, fileIndex })),
    fileColumnCount: wanted.length,
    warnings: [],
  };
}

function mapByName(
  shape: TableShape,
  wanted: readonly ColumnDefinition[],
  fileNames: readonly string[],
  isSelection: boolean,
): ColumnMapping {
  const repeated = firstRepeated(fileNames.filter((name) => name !== ''));
  if (repeated !== undefined) throw duplicateColumn(repeated, 'The header of the file');

  const loaded = matchNames(wanted, fileNames);
  const used = new Set(loaded.map(({ fileIndex }) => fileIndex));
  const missing = wanted.filter((column) => !loaded.some((match) => match.column === column));
  const unexpected = isSelection ? [] : fileNames.filter((_, index) => !used.has(index));
  if (missing.length === 0 && unexpected.length === 0) {
    return { loaded, fileColumnCount: fileNames.length, warnings: [] };
  }
  if (!isSelection && loaded.length === 0 && fileNames.length === shape.columns.length) {
    return {
      loaded: shape.columns.map((column, fileIndex) => ({ column, fileIndex })),
      fileColumnCount: fileNames.length,
      warnings: [
        `No column name of the file is one of the table; the columns were taken by position: ${shownNames(
          shape.columns.map((column, index) => `${JSON.stringify(fileNames[index])} as ${JSON.stringify(column.name)}`),
        )}. If the file has no header line, its first row was taken for one: set csv_options.header to false.`,
      ],
    };
  }
  throw columnMismatch(shape, fileNames, namesOf(missing), unexpected);
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function matchNames(wanted: readonly ColumnDefinition[], fileNames: readonly string[]): LoadedColumn[] {
  const exact = new Map(fileNames.map((name, index) => [name, index]));
  const folded = new Map<string, number>();
  fileNames.forEach((name, index) => {
    if (!folded.has(nameKey(name))) folded.set(nameKey(name), index);
  });
  return wanted.flatMap((column) => {
    const fileIndex = exact.get(column.name) ?? folded.get(nameKey(column.name));
    return fileIndex === undefined ? [] : [{ column, fileIndex }];
  });
}

function columnMismatch(
  shape: TableShape,
  fileNames: readonly string[],
  missing: readonly string[],
  unexpected: readonly string[],
): DomainError {
  const parts = [
    missing.length > 0 ? `missing in the file: ${shownNames(missing)}` : '',
    unexpected.length > 0 ? `not in the table: ${shownNames(unexpected)}` : '',
  ].filter((part) => part !== '');
  return new DomainError(
    'column_mismatch',
    `The columns of the file are not those of the table; ${parts.join('; ')}. Mend the header, or list the columns to load in import_options.columns.`,
    {
      missing: shown(missing),
      unexpected: shown(unexpected),
      file_columns: shown(fileNames),
      table_columns: namesOf(shape.columns),
    },
  );
}

function mustLoadPrimaryKey(shape: TableShape, mapping: ColumnMapping): void {
  const missing = shape.primaryKey.filter(
    (key) => !mapping.loaded.some(({ column }) => nameKey(column.name) === nameKey(key)),
  );
  if (missing.length === 0) return;
  throw new DomainError(
    'column_mismatch',
    `The primary key (${shownNames(shape.primaryKey)}) must be among the loaded columns; missing: ${shownNames(missing)}.`,
    { missing, unexpected: [], table_columns: namesOf(shape.columns) },
  );
}

function inTableOrder(shape: TableShape, loaded: readonly LoadedColumn[]): LoadedColumn[] {
  return [...loaded].sort((a, b) => shape.columns.indexOf(a.column) - shape.columns.indexOf(b.column));
}

function duplicateColumn(name: string, place: string): DomainError {
  return new DomainError('duplicate_column', `${place} names the column ${JSON.stringify(shorten(name))} twice.`, {
    column: shorten(name),
  });
}

function namesOf(columns: readonly ColumnDefinition[]): string[] {
  return columns.map(({ name }) => name);
}

function shown(names: readonly string[]): string[] {
  return names.slice(0, SHOWN_NAMES).map((name) => shorten(name));
}

function shownNames(names: readonly string[]): string {
  return shown(names).join(', ') + (names.length > SHOWN_NAMES ? `, … (${names.length} in all)` : '');
}
