/**
 * Which versions are being read, so that retiring never takes a file from under a reader. Both sides are synchronous
 * and in one process, so there is no moment in between:
 *
 *     reader:    pin(v) -> row of v still there? -> read ... -> release
 *     collector: claim(v) (refused while pinned; later pins are refused) -> forget row -> unlink -> settle(v)
 */
export class VersionPins {
  readonly #pins = new Map<string, number>();
  readonly #claimed = new Set<string>();

  /** Undefined when the collector has claimed the version: read the table again, it has a newer one. */
  pin(versionId: string): Disposable | undefined {
    if (this.#claimed.has(versionId)) return undefined;
    this.#pins.set(versionId, (this.#pins.get(versionId) ?? 0) + 1);
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        const left = (this.#pins.get(versionId) ?? 1) - 1;
        if (left === 0) this.#pins.delete(versionId);
        else this.#pins.set(versionId, left);
      },
    };
  }

  claim(versionId: string): boolean {
    if (this.#pins.has(versionId) || this.#claimed.has(versionId)) return false;
    this.#claimed.add(versionId);
    return true;
  }

  settle(versionId: string): void {
    this.#claimed.delete(versionId);
  }

  get pinnedCount(): number {
    return this.#pins.size;
  }
}
