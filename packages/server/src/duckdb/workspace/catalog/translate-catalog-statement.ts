import { Deparser } from 'pgsql-deparser';
import type { PgTypeName } from '../../../model/pg-types.js';
import { isCatalogStatement, mayConcernCatalog } from './is-catalog-statement.js';
import { parsePg } from './pg-parser.js';
import { CatalogRewriter } from './rewrite/catalog-rewriter.js';
import type { CatalogSchema } from './rewrite/relations.js';
import { resultTypesOf } from './rewrite/result-types.js';
import { relationsIn } from './rewrite/relations-in.js';

/** A statement of a client as DuckDB runs it over the catalogue's own database. */
export interface CatalogStatement {
  readonly sql: string;
  /** Relations of the catalogue that it reads, without their schema; views of PostgreSQL's own by their name. */
  readonly relations: ReadonlySet<string>;
  /** PostgreSQL's type of each column of its result, where DuckDB's type does not tell; undefined when their number is not known. */
  readonly columnTypes: readonly (PgTypeName | undefined)[] | undefined;
}

/** Tools send the same few hundred texts again and again; a tree of a large one takes 5 ms to read, change and write. */
const CACHED_STATEMENTS = 500;
/** Longer ones hold lists of numbers, which do not come again. */
const LONGEST_CACHED = 20_000;

/**
 * Translates statements that read nothing but the catalogue. One per worker: it remembers what it has translated, which depends on nothing
 * but the text.
 */
export class CatalogTranslator {
  readonly #rewriter = new CatalogRewriter();
  readonly #known = new Map<string, CatalogStatement | undefined>();

  /** Undefined when the statement is about more than the catalogue, or is not PostgreSQL's grammar. One statement, not several. */
  translate(sql: string): CatalogStatement | undefined {
    if (!mayConcernCatalog(sql)) return undefined;
    if (this.#known.has(sql)) {
      const known = this.#known.get(sql);
      this.#known.delete(sql);
      this.#known.set(sql, known);
      return known;
    }
    const translated = this.#translate(sql);
    if (sql.length <= LONGEST_CACHED) {
      this.#known.set(sql, translated);
      const [oldest] = this.#known.keys();
      if (this.#known.size > CACHED_STATEMENTS && oldest !== undefined) this.#known.delete(oldest);
    }
    return translated;
  }

  /** A view of PostgreSQL's own as DuckDB's SQL; undefined for a relation that the catalogue's database has. */
  viewText(schema: CatalogSchema, name: string): string | undefined {
    const definition = this.#rewriter.definition(schema, name);
    return definition === undefined ? undefined : Deparser.deparse(definition as never, { pretty: false });
  }

  #translate(sql: string): CatalogStatement | undefined {
    const statements = parsePg(sql);
    const [statement] = statements ?? [];
    if (statement === undefined || statements?.length !== 1 || !isCatalogStatement(statement.node)) return undefined;
    const tree = this.#rewriter.statement(statement.node);
    return {
      sql: Deparser.deparse(tree as never, { pretty: false }),
      relations: relationsIn(statement.node),
      columnTypes: resultTypesOf(statement.node),
    };
  }
}
