import { FALL_BACKS, type CountedFigures } from '../model/workspace-figures.js';
import type { WorkerFigures } from './workspace-messages.js';

const MAX_LIST = 1_000;
const MAX_TEXT = 1_000;

/** Figures as a hostile process may write them: what is no number, or less than nothing, counts as nothing. */
export function checkedFigures(said: Partial<WorkerFigures> | undefined): WorkerFigures {
  const list = <T>(value: readonly T[] | undefined): readonly T[] =>
    Array.isArray(value) ? (value as readonly T[]).slice(0, MAX_LIST) : [];
  return {
    copiedInBytes: amount(said?.copiedInBytes),
    spooledBytes: amount(said?.spooledBytes),
    attachedInMs: list(said?.attachedInMs).map(amount),
    fallBacks: FALL_BACKS.flatMap((kind) => fallBacksOf(kind, list(said?.fallBacks))),
    eventLoopLagMs: amount(said?.eventLoopLagMs),
    engineMemoryBytes: amount(said?.engineMemoryBytes),
  };
}

function fallBacksOf(
  kind: CountedFigures['fallBacks'][number]['kind'],
  said: CountedFigures['fallBacks'],
): CountedFigures['fallBacks'] {
  const found = said.find((one) => one?.kind === kind);
  if (found === undefined || amount(found.count) === 0) return [];
  const { count, statement, reason } = found;
  return [
    {
      kind,
      count: amount(count),
      statement: String(statement).slice(0, MAX_TEXT),
      reason: String(reason).slice(0, MAX_TEXT),
    },
  ];
}

function amount(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
