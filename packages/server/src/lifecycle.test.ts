import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Logger } from './lib/logger.js';
import { Lifecycle, stopOnSignal } from './lifecycle.js';

class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(_: object, message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(_: object, message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(_: object, message: string): void {
    this.lines.push(`error ${message}`);
  }
}

describe('Lifecycle', () => {
  it('stops in reverse what it started, once', async () => {
    const calls: string[] = [];
    const lifecycle = new Lifecycle(new MemoryLogger());
    for (const name of ['first', 'second', 'third']) {
      await lifecycle.start(
        name,
        () => `${name} value`,
        (value) => void calls.push(value),
      );
    }
    expect(await Promise.all([lifecycle.stop(), lifecycle.stop()])).toEqual([true, true]);
    expect(calls).toEqual(['third value', 'second value', 'first value']);
  });

  it('undoes a start that fails half way, and refuses to go on', async () => {
    const calls: string[] = [];
    const lifecycle = new Lifecycle(new MemoryLogger());
    await lifecycle.start(
      'first',
      () => undefined,
      () => void calls.push('first'),
    );
    const failing = lifecycle.start('second', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(calls).toEqual(['first']);
    await expect(lifecycle.start('third', () => undefined)).rejects.toThrow('is stopping');
  });

  it('stops the others when one stop fails, and says so', async () => {
    const logger = new MemoryLogger();
    const calls: string[] = [];
    const lifecycle = new Lifecycle(logger);
    await lifecycle.start(
      'first',
      () => undefined,
      () => void calls.push('first'),
    );
    await lifecycle.start(
      'second',
      () => undefined,
      () => Promise.reject(new Error('stuck')),
    );
    expect(await lifecycle.stop()).toBe(false);
    expect(calls).toEqual(['first']);
    expect(logger.lines).toEqual(['error a part of the server did not stop cleanly']);
  });
});

describe('stopOnSignal', () => {
  const wait = (stop: () => Promise<void>, shutdownTimeoutMs = 30_000) => {
    const signals = new EventEmitter();
    const exitCode = stopOnSignal({
      stop,
      shutdownTimeoutMs,
      logger: new MemoryLogger(),
      signals,
    });
    return { signals, exitCode };
  };

  it.each(['SIGTERM', 'SIGINT'])('stops at %s and leaves no listener behind', async (signal) => {
    const { signals, exitCode } = wait(() => Promise.resolve());
    signals.emit(signal, signal);
    expect(await exitCode).toBe(0);
    expect(signals.eventNames()).toEqual([]);
  });

  it('leaves at once at a second signal', async () => {
    const { signals, exitCode } = wait(() => new Promise(() => undefined));
    signals.emit('SIGTERM', 'SIGTERM');
    signals.emit('SIGINT', 'SIGINT');
    expect(await exitCode).toBe(130);
  });

  it('reports a stop that fails', async () => {
    const { signals, exitCode } = wait(() => Promise.reject(new Error('stuck')));
    signals.emit('SIGTERM', 'SIGTERM');
    expect(await exitCode).toBe(1);
  });

  it('gives up at the deadline', async () => {
    // The grace of five seconds counted away: only the order matters here, not how long it takes.
    const { signals, exitCode } = wait(() => new Promise(() => undefined), -5_000);
    signals.emit('SIGTERM', 'SIGTERM');
    expect(await exitCode).toBe(1);
  });
});
