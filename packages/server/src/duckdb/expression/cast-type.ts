import { parseColumnType } from '../../model/column-types.js';
import { quoteIdentifier, quoteLiteral } from '../quoting.js';
import { asList, asNode, isNode, SyntaxFailure, type SyntaxNode } from './syntax-tree.js';

/** The type of a cast in the engine's spelling; only types that a column may have. */
export function printCastType(type: SyntaxNode): string {
  return parseColumnType(typeText(type));
}

function typeText(type: SyntaxNode): string {
  const id = String(type.id);
  if (!isNode(type.type_info)) return id;
  const info = type.type_info;
  // An alias means another type over this storage, such as GEOMETRY over BLOB.
  if (info.alias !== '' || isNode(info.extension_info))
    throw new SyntaxFailure(`the type ${String(info.alias)} is not permitted`);
  switch (id) {
    case 'DECIMAL':
      return `DECIMAL(${Number(info.width)},${Number(info.scale)})`;
    case 'LIST':
      return `${typeText(asNode(info.child_type))}[]`;
    case 'ARRAY':
      return `${typeText(asNode(info.child_type))}[${Number(info.size)}]`;
    case 'STRUCT':
      return `STRUCT(${fieldTexts(info).join(', ')})`;
    case 'UNION':
      // The first field is the engine's own tag.
      return `UNION(${fieldTexts(info).slice(1).join(', ')})`;
    case 'MAP': {
      const entry = asNode(asNode(asNode(info.child_type).type_info));
      const [key, value] = asList(entry.child_types).map((field) => typeText(asNode(asNode(field).second)));
      return `MAP(${key}, ${value})`;
    }
    case 'UNBOUND':
      return unboundText(info);
    default:
      throw new SyntaxFailure(`the type ${id} is not permitted`);
  }
}

function fieldTexts(info: SyntaxNode): string[] {
  return asList(info.child_types).map((field) => {
    const { first, second } = asNode(field);
    return `${first === '' ? '_' : quoteIdentifier(String(first))} ${typeText(asNode(second))}`;
  });
}

/** A type the parser did not look up yet, for instance `JSON` or `ENUM('a', 'b')`. */
function unboundText(info: SyntaxNode): string {
  if (info.catalog !== '' || info.schema !== '') throw new SyntaxFailure('a type has no schema');
  const parameters = asList(info.user_type_modifiers).map((modifier) => {
    const { value } = asNode(modifier);
    return typeof value === 'number' ? String(value) : quoteLiteral(String(value));
  });
  return parameters.length === 0 ? String(info.name) : `${String(info.name)}(${parameters.join(', ')})`;
}
