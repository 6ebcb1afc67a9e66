import type { WorkspaceCatalog } from '../../model/workspace-view.js';

/** Which schema names are buckets, however they are spelt. The service is asked each time; it answers `unchanged` in most cases. */
export class BucketSchemas {
  #generation: string | null = null;
  #spellings: ReadonlySet<string> = new Set();

  constructor(private readonly ask: (knownGeneration: string | null) => Promise<WorkspaceCatalog | 'unchanged'>) {}

  async has(name: string): Promise<boolean> {
    const answer = await this.ask(this.#generation);
    if (answer !== 'unchanged') {
      this.#spellings = new Set(
        answer.buckets.flatMap(({ schemaSpellings }) => schemaSpellings.map((spelling) => spelling.toLowerCase())),
      );
      this.#generation = answer.generation;
    }
    return this.#spellings.has(name.toLowerCase());
  }
}
