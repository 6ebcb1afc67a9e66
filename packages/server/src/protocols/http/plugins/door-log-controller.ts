import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';

/**
 * The framework's own lines are replaced by the one of `request-log.ts`; what it knows and nobody else does, an answer that
 * broke off half way, is logged here.
 */
export class DoorLogController extends LogController {
  constructor() {
    super({ disableRequestLogging: true, requestIdLogLabel: 'request_id' });
  }

  override streamError(error: Error, request: FastifyRequest, _reply: FastifyReply): void {
    request.door.error = error;
    const clientLeft = 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!clientLeft) request.log.error({ err: error }, 'an answer broke off: its source failed');
  }

  override writeHeadError(error: Error, request: FastifyRequest, _reply: FastifyReply): void {
    request.log.error({ err: error }, 'the head of an answer could not be written');
  }
}
