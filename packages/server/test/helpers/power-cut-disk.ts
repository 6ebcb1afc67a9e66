import { dirname } from 'node:path';

/** What a recording knows of one operation, in the order in which operations took effect. */
export type DiskEvent =
  | { readonly operation: 'makeDirectory'; readonly path: string }
  | { readonly operation: 'createFile'; readonly path: string }
  | { readonly operation: 'write'; readonly path: string; readonly sizeBytes: number }
  | { readonly operation: 'syncFile'; readonly path: string; readonly content: Uint8Array }
  | { readonly operation: 'syncDirectory'; readonly path: string }
  | { readonly operation: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly operation: 'remove' | 'removeTree' | 'setReadOnly'; readonly path: string }
  | { readonly operation: 'mark'; readonly label: string };

/**
 * What became of directory entries that were not synced. All three may happen, also at once in different directories:
 * `dropped`: none of them reached the disk; `kept`: all did; `removalsKept`: names disappeared, no new one appeared.
 */
export const POWER_CUT_VARIANTS = ['dropped', 'kept', 'removalsKept'] as const;
export type PowerCutVariant = (typeof POWER_CUT_VARIANTS)[number];

/** A file's identity, whatever names it has. */
interface Inode {
  synced: Uint8Array;
}

/** Changes of one directory that happen together or not at all. Undefined: the name is gone. */
type EntryChange = ReadonlyMap<string, Inode | undefined>;

/**
 * A disk that has lost its power, at its worst: of a file there is what the last fsync saw (nothing without one), of a
 * directory what its last fsync saw, and of later changes what the variant says. A rename within one directory is
 * atomic; one between directories is a creation here and a removal there, each with a fate of its own.
 *
 * `makeDirectory` promises synced entries, so its directories are on the disk at once. Removed directories stay, empty.
 */
export class PowerCutDisk {
  readonly #live = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  readonly #unsynced = new Map<string, EntryChange[]>();
  readonly #directories = new Set<string>();

  constructor(initialFiles: ReadonlyMap<string, Uint8Array>) {
    for (const [path, content] of initialFiles) {
      const inode = { synced: content };
      this.#live.set(path, inode);
      this.#durable.set(path, inode);
    }
  }

  apply(event: DiskEvent): void {
    switch (event.operation) {
      case 'makeDirectory':
        this.#directories.add(event.path);
        return;
      case 'createFile':
        this.#change(new Map([[event.path, { synced: new Uint8Array() }]]));
        return;
      case 'syncFile':
        this.#inodeAt(event.path).synced = event.content;
        return;
      case 'syncDirectory':
        for (const change of this.#unsynced.get(event.path) ?? []) applyTo(this.#durable, change);
        this.#unsynced.delete(event.path);
        return;
      case 'link':
        this.#change(new Map([[event.to, this.#inodeAt(event.path)]]));
        return;
      case 'rename': {
        if (this.#isDirectory(event.path)) return this.#renameDirectory(event.path, event.to);
        const inode = this.#inodeAt(event.path);
        this.#change(
          new Map([
            [event.path, undefined],
            [event.to, inode],
          ]),
        );
        return;
      }
      case 'remove':
        this.#change(new Map([[event.path, undefined]]));
        return;
      case 'removeTree': {
        const below = [...this.#live.keys()].filter((path) => path.startsWith(`${event.path}/`));
        const gone = new Map([event.path, ...below].map((path) => [path, undefined]));
        applyTo(this.#live, gone);
        this.#remember(dirname(event.path), gone);
        return;
      }
      case 'write':
      case 'setReadOnly':
      case 'mark':
        return;
    }
  }

  #isDirectory(path: string): boolean {
    return this.#directories.has(path) || [...this.#live.keys()].some((each) => each.startsWith(`${path}/`));
  }

  /**
   * What is in the directory goes with it: what had reached the disk does so when the new entry does, all of it at once;
   * what had not keeps its own fate under the new name.
   */
  #renameDirectory(from: string, to: string): void {
    const moved = (path: string): string | undefined =>
      path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : undefined;
    const change = new Map<string, Inode | undefined>();
    for (const [path, inode] of this.#durable) {
      const target = moved(path);
      if (target !== undefined) change.set(path, undefined).set(target, inode);
    }
    for (const [path, inode] of [...this.#live]) {
      const target = moved(path);
      if (target !== undefined)
        applyTo(
          this.#live,
          new Map([
            [path, undefined],
            [target, inode],
          ]),
        );
    }
    for (const [directory, pending] of [...this.#unsynced]) {
      const target = moved(directory);
      if (target === undefined) continue;
      this.#unsynced.delete(directory);
      this.#unsynced.set(
        target,
        pending.map((entries) => new Map([...entries].map(([path, inode]) => [moved(path) ?? path, inode]))),
      );
    }
    for (const directory of [...this.#directories]) {
      const target = moved(directory);
      if (target !== undefined) this.#directories.add(target);
    }
    const appearing = new Map([...change].filter(([, inode]) => inode !== undefined));
    const vanishing = new Map([...change].filter(([, inode]) => inode === undefined));
    this.#remember(dirname(to), appearing);
    this.#remember(dirname(from), vanishing);
  }

  get directories(): ReadonlySet<string> {
    return this.#directories;
  }

  /** Path and content of every file that is there when the power returns. */
  filesAfterPowerCut(variant: PowerCutVariant): ReadonlyMap<string, Uint8Array> {
    const left = new Map(this.#durable);
    for (const change of [...this.#unsynced.values()].flat()) {
      const onlyRemoves = [...change.values()].every((inode) => inode === undefined);
      if (variant === 'kept' || (variant === 'removalsKept' && onlyRemoves)) applyTo(left, change);
    }
    return new Map([...left].map(([path, inode]) => [path, inode.synced]));
  }

  /** Files that another process made show up here when they are first named; their entry is not synced then. */
  #inodeAt(path: string): Inode {
    const known = this.#live.get(path);
    if (known !== undefined) return known;
    const inode = { synced: new Uint8Array() };
    this.#change(new Map([[path, inode]]));
    return inode;
  }

  #change(change: EntryChange): void {
    applyTo(this.#live, change);
    for (const [directory, entries] of groupByDirectory(change)) this.#remember(directory, entries);
  }

  #remember(directory: string, change: EntryChange): void {
    this.#unsynced.set(directory, [...(this.#unsynced.get(directory) ?? []), change]);
  }
}

function applyTo(entries: Map<string, Inode>, change: EntryChange): void {
  for (const [path, inode] of change) {
    if (inode === undefined) entries.delete(path);
    else entries.set(path, inode);
  }
}

function groupByDirectory(change: EntryChange): Map<string, Map<string, Inode | undefined>> {
  const groups = new Map<string, Map<string, Inode | undefined>>();
  for (const [path, inode] of change) {
    const directory = dirname(path);
    groups.set(directory, (groups.get(directory) ?? new Map<string, Inode | undefined>()).set(path, inode));
  }
  return groups;
}
