import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config/option.js';
import { refuseUnknownVariables } from '../config/unknown-variables.js';
import { baseUrlOf, firstStartBanner } from './first-start-banner.js';
import { describeStartFailure } from './start-failure.js';

describe('describeStartFailure', () => {
  it('names the port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const error = await new Promise((resolve) => createServer().once('error', resolve).listen(port, '127.0.0.1'));
    taken.close();
    expect(describeStartFailure(error)).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program; stop it, or set PORT.`,
    );
  });

  it.each([
    [new ConfigError('PORT is "x", but must be a number.'), 'PORT is "x", but must be a number.'],
    [Object.assign(new Error('x'), { code: 'EACCES', path: '/data' }), '/data cannot be written (EACCES)'],
    [Object.assign(new Error('x'), { code: 'EACCES', port: 80 }), 'Port 80 needs more rights'],
    [Object.assign(new Error('x'), { code: 'ENOSPC', path: '/data' }), 'The disk of /data is full'],
    [new Error('odd thing\nat line 7'), 'Cannot start: odd thing. Set DEBUG=true to see where.'],
    ['text', 'Cannot start: text.'],
  ])('says in one sentence what is in the way: %s', (error, sentence) => {
    expect(describeStartFailure(error)).toContain(sentence);
    expect(describeStartFailure(error)).not.toContain('\n');
  });
});

describe('firstStartBanner', () => {
  it('shows the key and addresses that a client on this machine can use', () => {
    const baseUrl = baseUrlOf('http://0.0.0.0:8000', '/storage');
    const banner = firstStartBanner({ baseUrl, key: 'k-1', keyPath: '/data/admin-api-key' });
    expect(banner).toContain("export STORAGE_ADMIN_KEY='k-1'");
    // A restart from the shell that pasted it must not take the variable for a misspelt option.
    expect(() => refuseUnknownVariables({ STORAGE_ADMIN_KEY: 'k-1' })).not.toThrow();
    expect(banner).toContain('curl -sS http://127.0.0.1:8000/storage/health');
    expect(baseUrlOf('http://[::]:80', '')).toBe('http://[::1]');
  });
});
