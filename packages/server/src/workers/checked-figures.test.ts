import { expect, it } from 'vitest';
import { checkedFigures } from './checked-figures.js';
import type { WorkerFigures } from './workspace-messages.js';

it('takes figures as they are', () => {
  const figures: WorkerFigures = {
    copiedInBytes: 1,
    spooledBytes: 2,
    attachedInMs: [3, 4],
    fallBacks: [{ kind: 'arithmetic', count: 5, statement: 'SELECT 1', reason: 'why' }],
    eventLoopLagMs: 6,
    engineMemoryBytes: 7,
  };
  expect(checkedFigures(figures)).toEqual(figures);
});

it('takes nothing that is no figure', () => {
  const nothing = {
    copiedInBytes: 0,
    spooledBytes: 0,
    attachedInMs: [],
    fallBacks: [],
    eventLoopLagMs: 0,
    engineMemoryBytes: 0,
  };
  expect(checkedFigures(undefined)).toEqual(nothing);
  const said = JSON.parse(
    '{"copiedInBytes":-1,"spooledBytes":"x","attachedInMs":{},"fallBacks":[null,{"kind":"a","count":1}],"eventLoopLagMs":null}',
  ) as WorkerFigures;
  expect(checkedFigures(said)).toEqual(nothing);
});
