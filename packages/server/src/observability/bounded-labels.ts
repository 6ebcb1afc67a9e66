/** More projects than this share one label. */
export const MAX_LABELLED_PROJECTS = 500;

/**
 * Keeps the number of time series bounded: label sets beyond the limit are counted together as `_other`. First come,
 * first served, which favours the tables that are in use.
 */
export class BoundedLabels<Name extends string> {
  readonly #known = new Set<string>();

  constructor(
    private readonly names: readonly Name[],
    private readonly limit: number,
  ) {}

  labelsFor(values: Readonly<Record<Name, string>>): Record<Name, string> {
    const key = JSON.stringify(this.names.map((name) => values[name]));
    if (!this.#known.has(key)) {
      if (this.#known.size >= this.limit) return this.#labels(() => '_other');
      this.#known.add(key);
    }
    return this.#labels((name) => values[name]);
  }

  #labels(valueOf: (name: Name) => string): Record<Name, string> {
    return Object.fromEntries(this.names.map((name) => [name, valueOf(name)])) as Record<Name, string>;
  }
}
