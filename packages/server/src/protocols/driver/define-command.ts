import type { DescMessage, Message, MessageShape } from '@bufbuild/protobuf';
import type { OperationName } from '../../model/operations.js';
import type { DriverCall } from './driver-call.js';
import type { BackwardWriter } from './wire/backward-writer.js';

/**
 * Whose key a command needs.
 *
 *     backend   the admin key
 *     either    the admin key, or the key of the project that the command is about
 *     project   the key of the project; the admin key works as well and then `credentials.host` says which project
 */
export type CommandLevel = 'backend' | 'either' | 'project';

export interface CommandDescription {
  readonly level: CommandLevel;
  readonly summary: string;
  /** What it does above all, for the audit of those who may not; without a meaning, it does nothing. */
  readonly operation?: OperationName;
  /** It has no meaning here; why not. */
  readonly unsupported?: string;
}

/** An answer of so many small parts that making a message of each would take longer than all the rest: it writes itself. */
export class WrittenAnswer {
  constructor(readonly write: (writer: BackwardWriter) => void) {}
}

/** One command of the protocol, with its handler. */
export interface Command extends CommandDescription {
  readonly request: DescMessage;
  /** Null: the command answers nothing. */
  readonly response: DescMessage | null;
  readonly run: (call: DriverCall, command: Message) => Promise<Message | WrittenAnswer | undefined>;
  /** Repeating it would do harm, so that a repetition in the same run gets the first answer. */
  readonly onceInRun: (command: Message) => boolean;
  /** Whether that can be; for the reference page. */
  readonly isOnceInRun: boolean;
}

/** A command that answers a message. */
export function defineCommand<C extends DescMessage, R extends DescMessage>(
  description: CommandDescription & {
    readonly request: C;
    readonly response: R;
    readonly onceInRun?: (command: MessageShape<C>) => boolean;
    readonly run: (call: DriverCall, command: MessageShape<C>) => Promise<MessageShape<R> | WrittenAnswer>;
  },
): Command {
  const { run, onceInRun } = description;
  return {
    ...description,
    run: (call, command) => run(call, command as MessageShape<C>),
    onceInRun: (command) => onceInRun?.(command as MessageShape<C>) ?? false,
    isOnceInRun: onceInRun !== undefined,
  };
}

/** A command that answers nothing. */
export function defineSilentCommand<C extends DescMessage>(
  description: CommandDescription & {
    readonly request: C;
    readonly run: (call: DriverCall, command: MessageShape<C>) => Promise<void>;
  },
): Command {
  const { run } = description;
  return {
    ...description,
    response: null,
    onceInRun: () => false,
    isOnceInRun: false,
    run: async (call, command) => {
      await run(call, command as MessageShape<C>);
      return undefined;
    },
  };
}
