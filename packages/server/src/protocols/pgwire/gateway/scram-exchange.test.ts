import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeScramVerifier } from '../../../auth/scram.js';
import { ScramClient } from '../../../../test/helpers/pgwire/scram-client.js';
import { SCRAM, SCRAM_PLUS, ScramExchange, verifierOfNobody } from './scram-exchange.js';

const HASH = createHash('sha256').update('certificate').digest();

const verifier = await makeScramVerifier('secret');
const exchangeOf = (mechanism = SCRAM, endPointHash?: Buffer) =>
  new ScramExchange({ verifier, mechanism, endPointHash });

describe('ScramExchange', () => {
  it('accepts the password and proves itself', () => {
    const exchange = exchangeOf();
    const client = new ScramClient('secret');
    const { message, signature } = client.final(exchange.first(client.first));
    expect(exchange.final(message)).toBe(signature);
  });

  it('does not accept another password', () => {
    const exchange = exchangeOf();
    const client = new ScramClient('Secret');
    expect(exchange.final(client.final(exchange.first(client.first)).message)).toBeUndefined();
  });

  it('binds to the certificate', () => {
    const gs2 = 'p=tls-server-end-point,,';
    const exchange = exchangeOf(SCRAM_PLUS, HASH);
    const client = new ScramClient('secret', gs2, HASH);
    const { message, signature } = client.final(exchange.first(client.first));
    expect(exchange.final(message)).toBe(signature);
  });

  it('refuses a client that saw another certificate', () => {
    const exchange = exchangeOf(SCRAM_PLUS, HASH);
    const client = new ScramClient('secret', 'p=tls-server-end-point,,', randomBytes(32));
    const { message } = client.final(exchange.first(client.first));
    expect(() => exchange.final(message)).toThrow('channel binding check failed');
  });

  it('notices that its offer of channel binding was taken away', () => {
    expect(() => exchangeOf(SCRAM, HASH).first(new ScramClient('secret', 'y,,').first)).toThrow('negotiation error');
    const withoutTls = exchangeOf();
    const client = new ScramClient('secret', 'y,,');
    expect(withoutTls.final(client.final(withoutTls.first(client.first)).message)).toMatch(/^v=/);
  });

  it.each([
    ['an empty message', ''],
    ['no nonce', 'n,,n='],
    ['a nonce with a comma only', 'n,,n=,r=,'],
    ['an unknown flag', 'x,,n=,r=abc'],
    ['a mandatory extension', 'n,,m=1,n=,r=abc'],
    ['a binding with the mechanism that has none', 'p=tls-server-end-point,,n=,r=abc'],
  ])('refuses %s', (_case, message) => {
    expect(() => exchangeOf().first(message)).toThrow(
      expect.objectContaining({ sqlState: '08P01', severity: 'FATAL' }),
    );
  });

  it('refuses SCRAM-SHA-256-PLUS without or with another binding', () => {
    expect(() => exchangeOf(SCRAM_PLUS, HASH).first('n,,n=,r=abc')).toThrow('no channel binding');
    expect(() => exchangeOf(SCRAM_PLUS, HASH).first('p=tls-unique,,n=,r=abc')).toThrow('tls-unique');
  });

  it('refuses to act for somebody else', () => {
    expect(() => exchangeOf().first('n,a=admin,n=,r=abc')).toThrow('authorization identity');
  });

  it('refuses a nonce that is not the one it gave, so that nothing can be replayed', () => {
    const client = new ScramClient('secret');
    const { message } = client.final(exchangeOf().first(client.first));
    const other = exchangeOf();
    other.first(client.first);
    expect(() => other.final(message)).toThrow('nonce does not match');
  });

  it.each(['', 'c=biws', 'c=biws,r=x', 'c=biws,r=x,p=!!!', 'garbage'])('refuses %j as the last message', (message) => {
    const exchange = exchangeOf();
    exchange.first('n,,n=,r=abc');
    expect(() => exchange.final(message)).toThrow(expect.objectContaining({ sqlState: '08P01' }));
  });

  it('plays the same part for a user that does not exist', () => {
    const secret = randomBytes(32);
    const nobody = verifierOfNobody('nobody', secret);
    expect(verifierOfNobody('nobody', secret)).toEqual(nobody);
    expect(verifierOfNobody('somebody', secret).salt).not.toEqual(nobody.salt);
    expect(nobody.salt).toHaveLength(verifier.salt.length);
    expect(nobody.iterations).toBe(verifier.iterations);
    const exchange = new ScramExchange({ verifier: nobody, mechanism: SCRAM, endPointHash: undefined });
    const client = new ScramClient('guess');
    expect(exchange.final(client.final(exchange.first(client.first)).message)).toBeUndefined();
  });
});
