import { quoteLiteral } from '../quoting.js';
import { isNode, SyntaxFailure, type SyntaxNode } from './syntax-tree.js';

const INTEGER_TYPES = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
]);

/** SQL of a constant; negative numbers in brackets, so that no operator before them can join with the sign. */
export function printConstant(constant: SyntaxNode): string {
  if (constant.is_null === true) return 'NULL';
  const type = isNode(constant.type) ? constant.type : {};
  const id = String(type.id);
  if (id === 'VARCHAR') {
    if (isNode(type.type_info) || typeof constant.value !== 'string')
      throw new SyntaxFailure('a text constant of an unknown type');
    return quoteLiteral(constant.value);
  }
  if (id === 'BOOLEAN') return constant.value === true ? "CAST('t' AS BOOLEAN)" : "CAST('f' AS BOOLEAN)";
  if (id === 'DOUBLE') return signed(doubleText(Number(constant.value)));
  if (id === 'DECIMAL' && isNode(type.type_info)) {
    return signed(decimalText(integerOf(constant.value), Number(type.type_info.width), Number(type.type_info.scale)));
  }
  if (INTEGER_TYPES.has(id)) return signed(String(integerOf(constant.value)));
  throw new SyntaxFailure(`a constant of type ${id} is not permitted`);
}

function signed(text: string): string {
  return text.startsWith('-') ? `(${text})` : text;
}

/** Always with an exponent: without it the engine reads a DECIMAL. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new SyntaxFailure('a number is too large for DOUBLE');
  return Object.is(value, -0) ? '-0e1' : value.toExponential();
}

/** With as many digits as the engine counted, so that it reads the same width and scale again: `.5`, `0.5`, `5.`. */
function decimalText(unscaled: bigint, width: number, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(width, '0');
  const point = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** 128-bit values come as two halves. */
function integerOf(value: unknown): bigint {
  if (typeof value === 'number' || typeof value === 'string') return BigInt(value);
  if (isNode(value)) return (integerOf(value.upper) << 64n) + integerOf(value.lower);
  throw new SyntaxFailure('a number of an unknown form');
}
