import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Machine } from './measure/machine.js';
import type { Paired } from './measure/rounds.js';
import type { Spread } from './measure/statistics.js';

export type Verdict = 'ok' | 'miss' | null;

/** One line of the table. Texts are for people, `data` for programs. */
export interface Row {
  readonly work: string;
  readonly ours: string;
  readonly reference: string;
  /** Reference time by our time: above 1 we are faster. Null where there is nothing to compare with. */
  readonly ratio: number | null;
  /** The same for processor time, where it was counted. */
  readonly cpuRatio?: number;
  readonly floor: string;
  readonly verdict: Verdict;
  readonly data: Readonly<Record<string, unknown>>;
}

const HEADINGS = ['work', 'ours', 'raw DuckDB or reference', 'ratio', 'of CPU', 'floor', ''] as const;

export class Report {
  readonly #rows: Row[] = [];
  readonly #remarks: string[] = [];

  constructor(
    private readonly facts: Readonly<Record<string, unknown>> & { readonly machine: Machine },
    private readonly print: (line: string) => void,
  ) {}

  get missed(): number {
    return this.#rows.filter(({ verdict }) => verdict === 'miss').length;
  }

  add(row: Row): void {
    this.#rows.push(row);
    this.print(`  ${cellsOf(row).filter(Boolean).join('  |  ')}`);
  }

  /** What a reader must know about this run, for instance a group that was left out. */
  remark(text: string): void {
    this.#remarks.push(text);
    this.print(`  ${text}`);
  }

  /** A Markdown table, aligned so that a terminal shows it well too. */
  table(): string {
    const lines = [[...HEADINGS], ...this.#rows.map(cellsOf)];
    const widths = HEADINGS.map((_, column) => Math.max(3, ...lines.map((line) => (line[column] ?? '').length)));
    const drawn = lines.map(
      (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
    );
    drawn.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
    return [...drawn, ...this.#remarks.map((remark) => `\n${remark}`)].join('\n');
  }

  async writeJson(path: string, extra: Readonly<Record<string, unknown>>): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const content = { ...this.facts, ...extra, rows: this.#rows, remarks: this.#remarks };
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
  }
}

function cellsOf(row: Row): string[] {
  const ratio = row.ratio === null ? '' : row.ratio.toFixed(2);
  const cpuRatio = row.cpuRatio?.toFixed(2) ?? '';
  return [row.work, row.ours, row.reference, ratio, cpuRatio, row.floor, row.verdict ?? ''];
}

/** The same work by both sides, where the floor is a share of raw throughput. */
export function throughputRow(work: string, paired: Paired, floor: number, data: Row['data'] = {}): Row {
  const ratio = paired.raw.median / paired.ours.median;
  return {
    work,
    ours: roundsText(paired.ours),
    reference: roundsText(paired.raw),
    ratio,
    cpuRatio: paired.cpuRatio,
    floor: `≥ ${floor} × raw`,
    verdict: ratio >= floor ? 'ok' : 'miss',
    data: { unit: 'ms', ...paired, ...data },
  };
}

export function roundsText({ median, min, max }: Spread): string {
  return `${durationText(median)} (${durationText(min)}–${durationText(max)})`;
}

export function latencyText({ median, p95 }: Spread): string {
  return `p50 ${durationText(median)}, p95 ${durationText(p95)}`;
}

export function durationText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 100 ? `${ms.toFixed(0)} ms` : ms >= 1 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(2)} ms`;
}

export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(0)} MB`;
}

export function verdict(isMet: boolean): Verdict {
  return isMet ? 'ok' : 'miss';
}
