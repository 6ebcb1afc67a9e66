import type { MetadataStore, MetadataTransaction } from './metadata-store.js';

export interface MetadataObserver {
  /** A call begins; the function that comes back says that it has ended. `operation` is the name of the method. */
  started(operation: string): () => void;
}

/**
 * The same store, with every call counted and timed under the name of its method: reads, calls inside a transaction, and
 * `transaction` itself, which includes waiting for its turn and the sync at its end. It works for every implementation.
 */
export function observeMetadata(store: MetadataStore, observer: MetadataObserver): MetadataStore {
  const observed = timed(store, observer);
  const transaction: MetadataStore['transaction'] = (work) =>
    observed.transaction((tx: MetadataTransaction) => work(timed(tx, observer)));
  return new Proxy(observed, {
    get: (target, name) => (name === 'transaction' ? transaction : (Reflect.get(target, name) as unknown)),
  });
}

/** Methods run on the object itself: behind a proxy its private state would be out of reach. */
function timed<T extends object>(object: T, observer: MetadataObserver): T {
  const methods = new Map<string | symbol, unknown>();
  return new Proxy(object, {
    get: (target, name) => {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function' || typeof name === 'symbol') return member;
      const method = async (...parameters: unknown[]): Promise<unknown> => {
        const ended = observer.started(name);
        try {
          return (await Reflect.apply(member, target, parameters)) as unknown;
        } finally {
          ended();
        }
      };
      methods.set(name, method);
      return method;
    },
  });
}
