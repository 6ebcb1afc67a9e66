import type { CountedFigures, FallBack, FallBacks } from '../../model/workspace-figures.js';

/** More than can be attached in the time between two readings. */
const MAX_ATTACH_TIMES = 1_000;
const MAX_EXAMPLE_CHARACTERS = 1_000;

/** What the engine of a workspace counts beside its statements. Whoever owns it takes the figures every so often. */
export class WorkspaceFigures {
  #copiedInBytes = 0;
  #spooledBytes = 0;
  #attachedInMs: number[] = [];
  #fallBacks = new Map<FallBack, FallBacks>();

  /** Data of a COPY FROM STDIN, as the client sent them. */
  copiedIn(byteCount: number): void {
    this.#copiedInBytes += byteCount;
  }

  /** Rows of cursors and portals that found no room in memory. */
  spooled(byteCount: number): void {
    this.#spooledBytes += byteCount;
  }

  attached(durationMs: number): void {
    if (this.#attachedInMs.length < MAX_ATTACH_TIMES) this.#attachedInMs.push(durationMs);
  }

  fellBack(kind: FallBack, statement: string, error: unknown): void {
    const known = this.#fallBacks.get(kind);
    const reason = error instanceof Error ? error.message : String(error);
    this.#fallBacks.set(kind, {
      kind,
      count: (known?.count ?? 0) + 1,
      statement: known?.statement ?? statement.slice(0, MAX_EXAMPLE_CHARACTERS),
      reason: known?.reason ?? reason.slice(0, MAX_EXAMPLE_CHARACTERS),
    });
  }

  take(): CountedFigures {
    const taken = {
      copiedInBytes: this.#copiedInBytes,
      spooledBytes: this.#spooledBytes,
      attachedInMs: this.#attachedInMs,
      fallBacks: [...this.#fallBacks.values()],
    };
    this.#copiedInBytes = 0;
    this.#spooledBytes = 0;
    this.#attachedInMs = [];
    this.#fallBacks = new Map();
    return taken;
  }
}
