import duckdb, { type Vector } from '@duckdb/node-bindings';
import { DuckDBVariantType, DuckDBVector } from '@duckdb/node-api';
import { EscapeTable } from '../escapes.js';
import { VariableEntries, type ListEntries } from '../list-entries.js';
import type { TextCharacters, TextWriter } from '../text/text-writer.js';
import { NO_VALUES, vectorBytes, VectorWriter } from '../vector-writer.js';
import type { WireBuffer } from '../wire-buffer.js';
import { writeVariantJson } from './variant-json.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;

/** As PostgreSQL's `escape_json`: what JSON demands and nothing more. */
const ESCAPES = new EscapeTable([
  ...Array.from({ length: 0x20 }, (_, byte) => [byte, `\\u${byte.toString(16).padStart(4, '0')}`] as const),
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [QUOTE, '\\"'],
  [0x5c, '\\\\'],
]);

/** Writes a value as JSON text, in PostgreSQL's forms (`to_json`). */
export abstract class JsonWriter extends VectorWriter {
  readonly characters: TextCharacters = 'any';

  /** The value, or `null`. */
  writeAny(row: number, out: WireBuffer): void {
    if (this.isNull(row)) out.writeAscii('null');
    else this.write(row, out);
  }
}

abstract class ScalarJson extends JsonWriter {
  constructor(readonly text: TextWriter) {
    super();
  }
  protected bindValues(vector: Vector, rowCount: number): void {
    this.text.bind(vector, rowCount);
  }
}

/** Numbers, and JSON columns: their text is JSON already. */
export class BareJson extends ScalarJson {
  write(row: number, out: WireBuffer): void {
    this.text.write(row, out);
  }
}

/** JSON has no word for what is not finite: it becomes a string. */
export class FloatJson extends ScalarJson {
  write(row: number, out: WireBuffer): void {
    const start = out.length;
    this.text.write(row, out);
    const last = out.bytes[out.length - 1] as number;
    if (last >= 0x30 && last <= 0x39) return;
    const word = out.bytes.toString('latin1', start, out.length);
    out.length = start;
    out.writeAscii(`"${word}"`);
  }
}

export class QuotedJson extends ScalarJson {
  write(row: number, out: WireBuffer): void {
    out.writeByte(QUOTE);
    const start = out.length;
    this.text.write(row, out);
    if (this.text.characters === 'any') ESCAPES.apply(out, start);
    out.writeByte(QUOTE);
  }
}

export class BooleanJson extends JsonWriter {
  #values: DataView = NO_VALUES;
  protected bindValues(vector: Vector, rowCount: number): void {
    this.#values = vectorBytes(vector, rowCount);
  }
  write(row: number, out: WireBuffer): void {
    out.writeAscii(this.#values.getUint8(row) === 0 ? 'false' : 'true');
  }
}

export class ListJson extends JsonWriter {
  constructor(
    readonly entries: ListEntries,
    readonly element: JsonWriter,
  ) {
    super();
  }
  protected bindValues(vector: Vector, rowCount: number): void {
    const { child, childCount } = this.entries.bind(vector, rowCount);
    this.element.bind(child, childCount);
  }
  write(row: number, out: WireBuffer): void {
    out.writeByte(0x5b);
    const start = this.entries.start(row);
    const end = start + this.entries.count(row);
    for (let index = start; index < end; index++) {
      if (index > start) out.writeByte(COMMA);
      this.element.writeAny(index, out);
    }
    out.writeByte(0x5d);
  }
}

export class StructJson extends JsonWriter {
  readonly #keys: readonly Buffer[];

  /** Fields without a name are called as `row_to_json` calls them. */
  constructor(
    names: readonly string[],
    readonly fields: readonly JsonWriter[],
  ) {
    super();
    this.#keys = names.map((name, index) => Buffer.from(`${JSON.stringify(name === '' ? `f${index + 1}` : name)}:`));
  }
  protected bindValues(vector: Vector, rowCount: number): void {
    for (const [index, field] of this.fields.entries()) {
      field.bind(duckdb.struct_vector_get_child(vector, index), rowCount);
    }
  }
  write(row: number, out: WireBuffer): void {
    out.writeByte(0x7b);
    for (const [index, field] of this.fields.entries()) {
      if (index > 0) out.writeByte(COMMA);
      out.writeBytes(this.#keys[index] as Buffer);
      field.writeAny(row, out);
    }
    out.writeByte(0x7d);
  }
}

/** A MAP is a list of structures of key and value. Keys of JSON are strings: others become the string of their text. */
export class MapJson extends JsonWriter {
  readonly #entries = new VariableEntries();
  constructor(
    readonly key: TextWriter,
    readonly value: JsonWriter,
  ) {
    super();
  }
  protected bindValues(vector: Vector, rowCount: number): void {
    const { child, childCount } = this.#entries.bind(vector, rowCount);
    this.key.bind(duckdb.struct_vector_get_child(child, 0), childCount);
    this.value.bind(duckdb.struct_vector_get_child(child, 1), childCount);
  }
  write(row: number, out: WireBuffer): void {
    out.writeByte(0x7b);
    const start = this.#entries.start(row);
    const end = start + this.#entries.count(row);
    for (let index = start; index < end; index++) {
      if (index > start) out.writeByte(COMMA);
      out.writeByte(QUOTE);
      const keyStart = out.length;
      this.key.write(index, out);
      ESCAPES.apply(out, keyStart);
      out.writeByte(QUOTE);
      out.writeByte(COLON);
      this.value.writeAny(index, out);
    }
    out.writeByte(0x7d);
  }
}

/** A UNION is a structure of a tag and one field per member; shown is the value of the member that it holds. */
export class UnionJson extends JsonWriter {
  #tags: DataView = NO_VALUES;
  constructor(readonly members: readonly JsonWriter[]) {
    super();
  }
  protected bindValues(vector: Vector, rowCount: number): void {
    this.#tags = vectorBytes(duckdb.struct_vector_get_child(vector, 0), rowCount);
    for (const [index, member] of this.members.entries()) {
      member.bind(duckdb.struct_vector_get_child(vector, index + 1), rowCount);
    }
  }
  write(row: number, out: WireBuffer): void {
    const member = this.members[this.#tags.getUint8(row)];
    if (member === undefined) throw new Error('a UNION value has a tag that its type does not know');
    member.writeAny(row, out);
  }
}

/** VARIANT describes itself in each value; the binding decodes it. */
export class VariantJson extends JsonWriter {
  #vector: DuckDBVector | undefined;
  protected bindValues(vector: Vector, rowCount: number): void {
    this.#vector = DuckDBVector.create(vector, rowCount, DuckDBVariantType.instance);
  }
  write(row: number, out: WireBuffer): void {
    writeVariantJson(this.#vector?.getItem(row) ?? null, out);
  }
}
