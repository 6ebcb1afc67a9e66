import { Unprintable } from './unprintable.js';

export interface SourceColumn {
  /** What the statement calls its table. */
  readonly source: string;
  readonly name: string;
  /** PostgreSQL's name of its type. */
  readonly type: string;
}

export interface ViewSource {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** The tables of a view, by what it calls them. */
export class ViewScope {
  readonly #sources: ViewSource[] = [];

  add(source: ViewSource): void {
    if (this.#sources.some(({ name }) => name === source.name)) throw new Unprintable();
    this.#sources.push(source);
  }

  column(path: readonly string[]): SourceColumn {
    const [column = '', source] = path.toReversed();
    const found = this.all(source).filter(({ name }) => name.toLowerCase() === column.toLowerCase());
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Unprintable();
    return only;
  }

  all(source?: string): readonly SourceColumn[] {
    return this.#sources
      .filter(({ name }) => source === undefined || name.toLowerCase() === source.toLowerCase())
      .flatMap(({ name: of, columns }) => columns.map(({ name, type }) => ({ source: of, name, type })));
  }
}
