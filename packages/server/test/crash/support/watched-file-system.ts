import type { FileSystem } from '../../../src/lib/file-system.js';

/** The calls that change the disk; the others are passed on unseen. */
export const CHANGING_CALLS = [
  'makeDirectory',
  'createFile',
  'syncFile',
  'syncDirectory',
  'rename',
  'link',
  'remove',
  'removeTree',
  'setReadOnly',
] as const;

export type ChangingCall = (typeof CHANGING_CALLS)[number];

export interface Step {
  readonly call: ChangingCall;
  /** First argument. */
  readonly path: string;
}

/**
 * Tells `watch` of every change before it begins and after it has ended, and waits for it: while it looks, the server
 * stands still at exactly that place.
 */
export function watched(
  inner: FileSystem,
  watch: (moment: 'before' | 'after', step: Step) => Promise<void>,
): FileSystem {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const call = CHANGING_CALLS.find((each) => each === name);
      if (call === undefined) return member.bind(target) as unknown;
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        const step = { call, path: String(parameters[0]) };
        await watch('before', step);
        const result: unknown = await Reflect.apply(member, target, parameters);
        await watch('after', step);
        return result;
      };
    },
  });
}
