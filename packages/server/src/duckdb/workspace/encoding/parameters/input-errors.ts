import { SqlError } from '../../../../errors/sql-error.js';

/** PostgreSQL's words for a text that is no value of its type. */
export function invalidText(typeName: string, text: string): SqlError {
  return new SqlError('22P02', `invalid input syntax for type ${typeName}: "${text}"`);
}

export function invalidDateTime(typeName: string, text: string): SqlError {
  return new SqlError('22007', `invalid input syntax for type ${typeName}: "${text}"`);
}

export function fieldOutOfRange(text: string): SqlError {
  return new SqlError('22008', `date/time field value out of range: "${text}"`);
}

export function outOfRange(typeName: string, text: string): SqlError {
  return new SqlError('22003', `value "${text}" is out of range for type ${typeName}`);
}

export function invalidBinary(detail: string): SqlError {
  return new SqlError('22P03', `incorrect binary data format: ${detail}`);
}
