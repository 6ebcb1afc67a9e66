export const DRIVER_TAG = {
  name: 'driver',
  description: 'Commands of Keboola Connection; docs/guides/driver.md has the whole of it, docs/driver-commands.md each command',
};

const FAILURE = {
  type: 'object',
  required: ['detail', 'error'],
  properties: {
    detail: { type: 'string' },
    error: {
      type: 'object',
      required: ['code', 'message', 'retryable', 'context'],
      properties: {
        code: { type: 'integer', description: 'Of the driver contract' },
        message: { type: 'string' },
        retryable: { type: 'boolean' },
        context: { type: 'object' },
        objectName: { type: 'string', description: 'The object that is missing' },
      },
    },
  },
} as const;

const FAILURES: Readonly<Record<number, string>> = {
  400: 'A bad field, a value that does not fit, a request that cannot be decoded',
  401: 'No key, or a wrong one',
  403: 'Another project, or a key without the right',
  404: 'An object or a file is missing',
  409: 'It exists; with `retryable` it changed meanwhile',
  429: 'The disk or a queue is full',
  500: 'A defect of ours',
  501: 'The command is unknown, or has no meaning here',
  503: 'Overload, shutting down, a host that does not deliver its file: repeat it',
  504: 'It took too long',
};

const BYTES = { type: 'string', format: 'binary' } as const;
const COMMAND = {
  type: 'object',
  required: ['command'],
  properties: {
    command: {
      type: 'object',
      description: 'The fields of the command, with `@type` as protocol buffers have it, or its short name as `type`',
    },
    credentials: { type: 'object', description: '`secret` is the key, unless the header has one' },
    features: { type: 'array', items: { type: 'string' } },
    runtimeOptions: { type: 'object', properties: { runId: { type: 'string' } } },
  },
} as const;
const EXAMPLE = { command: { type: 'PreviewTableCommand', path: ['in_c_sales'], tableName: 'orders', filters: { limit: 20 } } };
const ANSWER = {
  type: 'object',
  properties: {
    commandResponse: { type: ['object', 'null'], description: 'Absent or null for commands that answer nothing' },
    messages: { type: 'array', items: { type: 'object' }, description: 'For the end user' },
  },
} as const;
const COMMANDS = {
  type: 'object',
  required: ['supported_commands', 'total_commands'],
  properties: {
    total_commands: { type: 'integer' },
    supported_commands: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'description', 'type_url', 'response_type_url', 'level', 'example'],
        properties: {
          type: { type: 'string' },
          description: { type: 'string' },
          type_url: { type: 'string' },
          response_type_url: { type: ['string', 'null'] },
          level: { type: 'string', enum: ['backend', 'either', 'project'] },
          example: { type: 'object' },
        },
      },
    },
  },
} as const;

/** The driver's messages are described in `proto/`: its routes check no schema, so that the page gets theirs from here. */
export function driverPaths(prefix: string): Record<string, object> {
  return {
    [`${prefix}/driver/execute`]: {
      post: {
        operationId: 'driverExecute',
        tags: [DRIVER_TAG.name],
        summary: 'Run a command of the storage driver',
        description:
          'A `DriverRequest` as bytes is answered by a `DriverResponse`, JSON by JSON. Failures are JSON in either case.',
        security: [{ bearer: [] }],
        parameters: [
          {
            in: 'header',
            name: 'X-Idempotency-Key',
            schema: { type: 'string', maxLength: 512 },
            description: 'A retry with the same key gets the answer of the first request and changes nothing',
          },
        ],
        requestBody: {
          required: true,
          content: {
            'application/x-protobuf': { schema: BYTES },
            'application/json': { schema: structuredClone(COMMAND), example: EXAMPLE },
          },
        },
        responses: {
          200: {
            description: 'What the command answers',
            content: {
              'application/x-protobuf': { schema: BYTES },
              'application/json': { schema: structuredClone(ANSWER) },
            },
          },
          ...Object.fromEntries(
            Object.entries(FAILURES).map(([status, description]) => [
              status,
              {
                description,
                content: { 'application/json': { schema: structuredClone(FAILURE) } },
              },
            ]),
          ),
        },
      },
    },
    [`${prefix}/driver/commands`]: {
      get: {
        operationId: 'driverCommands',
        tags: [DRIVER_TAG.name],
        summary: 'The commands that are answered here',
        responses: {
          200: {
            description: 'Every command, with the types of its messages and whose key it needs',
            content: { 'application/json': { schema: structuredClone(COMMANDS) } },
          },
        },
      },
    },
  };
}
