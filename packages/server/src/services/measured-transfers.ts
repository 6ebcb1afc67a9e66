import type { TableRef, TableVersionRef } from '../model/refs.js';
import type { Change } from './change.js';
import { outcomeOf } from './change-outcome.js';
import type { TransferObserver } from './transfer-observer.js';
import type { ExportInput, ExportReport, ImportInput, ImportReport, Transfers } from './transfers.js';

/** Imports and exports, with figures about each one that was tried. */
export class MeasuredTransfers {
  constructor(
    private readonly transfers: Pick<Transfers, 'importFile' | 'exportTable'>,
    private readonly observer: TransferObserver,
  ) {}

  async importFile(change: Change<ImportReport>, ref: TableRef, input: ImportInput): Promise<ImportReport> {
    const startedAt = performance.now();
    const load = { format: input.format, mode: input.incremental ? 'incremental' : 'full' } as const;
    const durationMs = (): number => performance.now() - startedAt;
    try {
      const report = await this.transfers.importFile(change, ref, input);
      const rows = report.insertedRows + report.updatedRows;
      this.observer.imported({
        ...load,
        outcome: 'success',
        durationMs: durationMs(),
        rows,
        bytes: report.sourceBytes,
      });
      return report;
    } catch (error) {
      this.observer.imported({ ...load, outcome: outcomeOf(error), durationMs: durationMs(), rows: 0, bytes: 0 });
      throw error;
    }
  }

  async exportTable(
    change: Change<ExportReport>,
    ref: TableVersionRef,
    input: ExportInput,
    signal?: AbortSignal,
  ): Promise<ExportReport> {
    const startedAt = performance.now();
    const { format } = input;
    const durationMs = (): number => performance.now() - startedAt;
    try {
      const report = await this.transfers.exportTable(change, ref, input, signal);
      const { rowsExported: rows, file } = report;
      this.observer.exported({ format, outcome: 'success', durationMs: durationMs(), rows, bytes: file.sizeBytes });
      return report;
    } catch (error) {
      this.observer.exported({ format, outcome: outcomeOf(error), durationMs: durationMs(), rows: 0, bytes: 0 });
      throw error;
    }
  }
}
