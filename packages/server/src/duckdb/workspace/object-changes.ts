/**
 * Counts what may have changed the tables and views of a workspace, by any session or operation: before it runs, so that nothing read
 * meanwhile is taken for the state after it, and when its transaction ends. What was read at a count holds while the count is the same.
 */
export class ObjectChanges {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  happened(): void {
    this.#count += 1;
  }
}
