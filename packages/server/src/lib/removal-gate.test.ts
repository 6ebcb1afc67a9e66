import { describe, expect, it } from 'vitest';
import { createTestLogger } from '../../test/helpers/test-log.js';
import { RemovalGate, type RemovableBytes } from './removal-gate.js';

const file = (key: string): RemovableBytes => ({ kind: 'file', key });

function newGate() {
  const log = createTestLogger();
  const gate = new RemovalGate(log.logger);
  const removed: string[] = [];
  const remove = (key: string) => gate.remove(file(key), () => Promise.resolve(void removed.push(key)));
  return { gate, log, removed, remove };
}

describe('RemovalGate', () => {
  it('removes at once while nobody holds', async () => {
    const { removed, remove } = newGate();
    await remove('a');
    expect(removed).toEqual(['a']);
  });

  it('postpones what is needed until the hold ends, in order; a remover never waits', async () => {
    const { gate, removed, remove } = newGate();
    await gate.hold(async (narrow) => {
      await remove('before narrowing');
      narrow((bytes) => Promise.resolve(bytes.kind === 'file' && bytes.key === 'needed'));
      await remove('needed');
      await remove('other');
      expect(removed).toEqual(['other']);
    });
    expect(removed).toEqual(['other', 'before narrowing', 'needed']);
    await remove('later');
    expect(removed).toContain('later');
  });

  it('removes what was postponed when the work fails, and goes on after a removal that fails', async () => {
    const { gate, log, removed, remove } = newGate();
    const work = gate.hold(async () => {
      await gate.remove(file('stuck'), () => Promise.reject(new Error('EIO')));
      await remove('free');
      throw new Error('no backup');
    });
    await expect(work).rejects.toThrow('no backup');
    expect(removed).toEqual(['free']);
    expect(log.unexpected()).toMatchObject([{ msg: expect.stringContaining('remain'), bytes: file('stuck') }]);
  });

  it('tells a remover of its own failure when nothing was postponed', async () => {
    const { gate } = newGate();
    await expect(gate.remove(file('a'), () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
  });

  it('removes itself what it asked about while the hold ended', async () => {
    const { gate, removed, remove } = newGate();
    let answer: (needed: boolean) => void = () => undefined;
    let asked: Promise<void> | undefined;
    await gate.hold(async (narrow) => {
      narrow(() => new Promise((resolve) => (answer = resolve)));
      asked = remove('late');
      await Promise.resolve();
    });
    answer(true);
    await asked;
    expect(removed).toEqual(['late']);
  });

  it('is held by one at a time', async () => {
    const { gate } = newGate();
    await gate.hold(async () => {
      await expect(gate.hold(() => Promise.resolve())).rejects.toThrow('held already');
    });
    await gate.hold(() => Promise.resolve());
  });
});
