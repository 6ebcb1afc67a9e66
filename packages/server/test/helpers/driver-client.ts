import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import {
  DriverRequestSchema,
  DriverResponseSchema,
  LogMessage_Level,
  type DriverResponse,
} from '../../src/protocols/driver/gen/proto/common_pb.js';
import { GenericBackendCredentialsSchema } from '../../src/protocols/driver/gen/proto/credentials_pb.js';

/** What an answer with an error says. */
export interface DriverError {
  readonly code: number;
  readonly message: string;
  readonly retryable: boolean;
  readonly context: Record<string, unknown>;
  readonly objectName?: string;
}

export class DriverCommandError extends Error {
  constructor(
    readonly status: number,
    readonly error: DriverError,
  ) {
    super(`${status} ${error.code}: ${error.message}`);
  }
}

export interface CommandOptions {
  readonly host?: string;
  readonly runId?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface CommandResult<R> {
  readonly response: R;
  readonly messages: readonly { level: string; message: string }[];
}

/** Sends commands as bytes over HTTP, as the PHP package does. */
export class DriverClient {
  constructor(
    private readonly address: string,
    private readonly key: string,
  ) {}

  withKey(key: string): DriverClient {
    return new DriverClient(this.address, key);
  }

  async run<C extends DescMessage, R extends DescMessage>(
    command: C,
    fields: MessageInitShape<C>,
    response: R,
    options: CommandOptions = {},
  ): Promise<CommandResult<MessageShape<R>>> {
    const { commandResponse, messages } = await this.send(command, fields, options);
    const unpacked = commandResponse && anyUnpack(commandResponse, response);
    if (unpacked === undefined) throw new Error(`${command.name} answered ${commandResponse?.typeUrl ?? 'nothing'}`);
    return {
      response: unpacked,
      messages: messages.map(({ level, message }) => ({ level: LogMessage_Level[level], message })),
    };
  }

  async tell<C extends DescMessage>(
    command: C,
    fields: MessageInitShape<C>,
    options: CommandOptions = {},
  ): Promise<CommandResult<undefined>> {
    const { commandResponse, messages } = await this.send(command, fields, options);
    if (commandResponse !== undefined) throw new Error(`${command.name} answered ${commandResponse.typeUrl}`);
    return {
      response: undefined,
      messages: messages.map(({ level, message }) => ({ level: LogMessage_Level[level], message })),
    };
  }

  async send<C extends DescMessage>(
    command: C,
    fields: MessageInitShape<C>,
    options: CommandOptions,
  ): Promise<DriverResponse> {
    const answer = await fetch(`${this.address}/driver/execute`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        authorization: `Bearer ${this.key}`,
        ...options.headers,
      },
      body: toBinary(DriverRequestSchema, driverRequest(command, fields, options)),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (answer.status === 200) return fromBinary(DriverResponseSchema, new Uint8Array(await answer.arrayBuffer()));
    const { error } = (await answer.json()) as { error: DriverError };
    throw new DriverCommandError(answer.status, error);
  }
}

export function driverRequest<C extends DescMessage>(
  command: C,
  fields: MessageInitShape<C>,
  options: CommandOptions & { readonly secret?: string } = {},
) {
  const { host = '', runId = '', secret = '' } = options;
  return create(DriverRequestSchema, {
    credentials: anyPack(
      GenericBackendCredentialsSchema,
      create(GenericBackendCredentialsSchema, { host, principal: 'test', secret }),
    ),
    command: anyPack(command, create(command, fields)),
    features: ['storage-branches'],
    runtimeOptions: { runId },
  });
}
