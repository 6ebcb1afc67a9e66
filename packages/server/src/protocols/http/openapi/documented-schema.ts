import type { FastifyContextConfig, FastifySchema } from 'fastify';
import { describeOperation } from '../../../model/operations.js';

const IDEMPOTENCY_HEADERS = {
  type: 'object',
  properties: {
    'X-Idempotency-Key': {
      type: 'string',
      maxLength: 512,
      description: 'A retry with the same key gets the answer of the first request and changes nothing',
    },
  },
};

/** Adds what is true on the wire but is not checked by a schema: streamed form parts, and the header of retries. */
export function documentedSchema(schema: FastifySchema | undefined, route: FastifyContextConfig['apiRoute']): FastifySchema {
  if (route === undefined) return { ...schema, hide: true };
  return {
    ...schema,
    ...(describeOperation(route.operation).change ? { headers: IDEMPOTENCY_HEADERS } : {}),
    ...(route.multipartFile === undefined ? {} : { body: formWithFile(route.multipartFile) }),
  };
}

function formWithFile(partName: string): object {
  return {
    type: 'object',
    required: [partName],
    properties: { [partName]: { type: 'string', format: 'binary', description: 'The content, with a file name' } },
  };
}
