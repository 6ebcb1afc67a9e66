import { DomainError } from '../errors/domain-error.js';
import { nameKey } from './columns.js';
import { DEFAULT_BRANCH_ID } from './refs.js';

type NameKind =
  | 'backup name'
  | 'project id'
  | 'branch name'
  | 'bucket name'
  | 'table name'
  | 'column name'
  | 'file name'
  | 'workspace name'
  | 'object name';

const MAX_IDENTIFIER_LENGTH = 64;
const MAX_COLUMN_LENGTH = 128;
const MAX_FILE_NAME_LENGTH = 255;
const MAX_BRANCH_NAME_LENGTH = 255;

/** The directory of a branch is `project_{id}_branch_{branch}`, so an id with this in it could name another project's branch. */
const BRANCH_MARK = '_branch_';

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const IDENTIFIER_RULE = `use 1 to ${MAX_IDENTIFIER_LENGTH} letters, digits, "_", "-" and ".", and begin with a letter or a digit`;

/** What cannot be seen or cannot be encoded has no place in a name. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Names become parts of paths: no separator, and nothing that begins like a hidden or an internal directory. */
export function mustBeValidProjectId(value: string): void {
  mustBeIdentifier('project id', value);
  if (nameKey(value).includes(BRANCH_MARK))
    throw invalidName('project id', value, `it must not contain "${BRANCH_MARK}"`);
}

export function mustBeValidBucketName(value: string): void {
  mustBeIdentifier('bucket name', value);
}

/** Also the name of its directory. */
export function mustBeValidBackupName(value: string): void {
  mustBeIdentifier('backup name', value);
}

export function mustBeValidTableName(value: string): void {
  mustBeIdentifier('table name', value);
}

/** Shown, and never part of a path; `default` is what main is called. */
export function mustBeValidBranchName(value: string): void {
  mustBePrintable('branch name', value, MAX_BRANCH_NAME_LENGTH);
  if (nameKey(value) === DEFAULT_BRANCH_ID) throw invalidName('branch name', value, '"default" is the main branch');
}

/** Shown, and never part of a path; two workspaces may have one name. */
export function mustBeValidWorkspaceName(value: string): void {
  mustBePrintable('workspace name', value, MAX_BRANCH_NAME_LENGTH);
}

/** Of a table in a workspace, where SQL allows any name. */
export function mustBeValidObjectName(value: string): void {
  mustBePrintable('object name', value, MAX_COLUMN_LENGTH);
}

export function mustBeValidColumnName(value: string): void {
  mustBePrintable('column name', value, MAX_COLUMN_LENGTH);
}

export function mustBeValidFileName(value: string): void {
  mustBePrintable('file name', value, MAX_FILE_NAME_LENGTH);
}

function mustBeIdentifier(kind: NameKind, value: string): void {
  if (value.length > MAX_IDENTIFIER_LENGTH || !IDENTIFIER.test(value)) throw invalidName(kind, value, IDENTIFIER_RULE);
}

function mustBePrintable(kind: NameKind, value: string, maxLength: number): void {
  if (value.length === 0 || value.length > maxLength)
    throw invalidName(kind, value, `use 1 to ${maxLength} characters`);
  if (UNPRINTABLE.test(value)) throw invalidName(kind, value, 'use printable characters only');
  if (value.trim() !== value) throw invalidName(kind, value, 'it must not begin or end with a blank');
}

function invalidName(kind: NameKind, value: string, rule: string): DomainError {
  const shown = [...value.slice(0, 64)]
    .map((character) => (UNPRINTABLE.test(character) ? '\ufffd' : character))
    .join('');
  return new DomainError('invalid_name', `Invalid ${kind} "${shown}": ${rule}.`, { kind, name: shown, rule });
}
