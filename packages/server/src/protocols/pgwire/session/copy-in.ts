import { SqlError } from '../../../errors/sql-error.js';
import type { CopySink } from '../../../duckdb/workspace/sql-engine.js';
import { decodeFrontendMessage, type FormatCode } from '../codec/frontend-message.js';
import type { FrameQueue } from './frame-queue.js';
import type { SessionState } from './session-state.js';

/** Takes in what the client sends after CopyInResponse; answers the number of rows. */
export async function receiveCopy(
  sink: CopySink,
  { output }: SessionState,
  queue: FrameQueue,
  signal: AbortSignal,
): Promise<number> {
  const formats = Array.from({ length: sink.columnCount }, (): FormatCode => sink.format);
  output.messages.copyInResponse(sink.format, formats);
  output.flush();
  try {
    for (;;) {
      const frame = await queue.next(signal);
      if (frame === undefined) throw new SqlError('08006', 'the client left during COPY', { severity: 'FATAL' });
      const message = decodeFrontendMessage(frame);
      switch (message.kind) {
        case 'copy-data':
          await sink.write(message.data);
          break;
        case 'copy-done':
          return await sink.finish();
        case 'copy-fail':
          throw new SqlError('57014', `COPY from stdin failed: ${message.reason}`);
        case 'flush':
        case 'sync':
          // The extended protocol lets a client send these during COPY; they mean nothing here.
          break;
        default:
          throw new SqlError('08P01', `unexpected message ${JSON.stringify(frame.type)} during COPY from stdin`, {
            severity: 'FATAL',
          });
      }
    }
  } catch (error) {
    const reason = error instanceof SqlError ? error : new SqlError('XX000', 'COPY failed', { cause: error });
    await sink.abort(reason);
    throw reason;
  }
}
