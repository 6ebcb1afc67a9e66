import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig, type Environment } from './load-config.js';
import type { Machine } from './machine.js';
import { ConfigError } from './option.js';
import { describeOption, OPTION_NAMES } from './options.js';

const machine: Machine = { cores: 8, memoryBytes: 64e9, packageVersion: '1.2.3' };
const load = (env: Environment) => loadConfig(env, machine);

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const config = load({});
    expect(config.http).toEqual({
      host: '0.0.0.0',
      port: 8000,
      prefix: '',
      headersTimeoutMs: 10_000,
      corsAllowedOrigins: '*',
      internalAccess: { secret: null, open: false },
    });
    expect(config.service).toMatchObject({ version: '1.2.3', debug: false, logLevel: 'info', adminApiKey: null });
    expect(config.storage.metadataPath).toBe(resolve('data/metadata.sqlite'));
    expect(config.engine).toMatchObject({ threads: 8, memoryLimitBytes: 4e9, memoryLimit: '4000000000B' });
    expect(config.warnings).toEqual([]);
  });

  it('puts every directory under DATA_DIR unless told otherwise', () => {
    const { storage } = load({ DATA_DIR: '/srv/storage', FILES_DIR: '/mnt/files' });
    expect(storage).toMatchObject({
      dataDirectory: '/srv/storage',
      duckdbDirectory: '/srv/storage/duckdb',
      filesDirectory: '/mnt/files',
      snapshotsDirectory: '/srv/storage/snapshots',
      metadataPath: '/srv/storage/metadata.sqlite',
    });
  });

  it('divides a small memory among the job workers', () => {
    const small = loadConfig({ ENGINE_JOB_WORKERS: '3' }, { ...machine, memoryBytes: 5e9 });
    expect(small.engine.memoryLimitBytes).toBe(1e9);
  });

  it('reads names without regard to case; the exact one wins; empty means unset', () => {
    expect(load({ port: '1' }).http.port).toBe(1);
    expect(load({ PORT: '2', port: '1' }).http.port).toBe(2);
    expect(load({ port: '1', PORT: '2' }).http.port).toBe(2);
    expect(load({ PORT: '' }).http.port).toBe(8000);
  });

  it('opens the gRPC door beyond this machine with TLS, or when the operator says that the network is private', () => {
    const tls = { GRPC_HOST: '0.0.0.0', GRPC_TLS_CERT: '/c.pem', GRPC_TLS_KEY: '/k.pem' };
    expect(load(tls).driver.grpc.tls).toEqual({ certPath: '/c.pem', keyPath: '/k.pem' });
    expect(load({ GRPC_HOST: '::', GRPC_ALLOW_PLAINTEXT: 'true' }).driver.grpc).toMatchObject({
      host: '::',
      tls: null,
    });
    expect(load({}).driver.grpc).toEqual({ host: '127.0.0.1', port: 50_051, tls: null });
  });

  it('takes hosts of imports with and without a port, and none unless they are given', () => {
    expect(load({}).driver.importUrls.hosts).toEqual([]);
    const { hosts } = load({ IMPORT_URL_HOSTS: 'Files.example, b.example:8443,10.0.0.1,[::1]:80,c.example:80' }).driver
      .importUrls;
    expect(hosts).toEqual(['files.example', 'b.example:8443', '10.0.0.1', '[::1]:80', 'c.example:80']);
  });

  it('is frozen all the way down', () => {
    const config = load({ CORS_ALLOWED_ORIGINS: 'https://a.example, http://b.example:8080' });
    expect(config.http.corsAllowedOrigins).toEqual(['https://a.example', 'http://b.example:8080']);
    expect([config, config.http, config.http.corsAllowedOrigins, config.engine].every(Object.isFrozen)).toBe(true);
  });

  it.each([
    [{ PORT: '80a' }, 'PORT is "80a", but must be a whole number from 0 to 65535.'],
    [{ PORT: '70000' }, 'PORT is "70000", but must be a whole number from 0 to 65535.'],
    [{ PORT: '0x50' }, 'PORT'],
    [{ DEBUG: 'maybe' }, 'DEBUG is "maybe", but must be true or false.'],
    [{ LOG_LEVEL: 'loud' }, 'one of trace, debug'],
    [{ DISK_RESERVE_BYTES: '2 gigs' }, 'a size such as 4GB'],
    [{ DUCKDB_MEMORY_LIMIT: '1MB' }, 'at least 64MiB'],
    [{ DUCKDB_MEMORY_LIMIT: '80%' }, 'a size such as 4GB'],
    [{ HOST: 'http://x' }, 'HOST is "http://x", but must be an IP address or a host name'],
    [{ API_PREFIX: 'api' }, 'API_PREFIX is "api", but must be empty or a path'],
    [{ CORS_ALLOWED_ORIGINS: 'https://a.example/' }, 'CORS_ALLOWED_ORIGINS names "https://a.example/"'],
    [{ IMPORT_URL_HOSTS: 'a.example, https://b.example' }, 'IMPORT_URL_HOSTS names "https://b.example"'],
    [{ IMPORT_URL_HOSTS: '*.example' }, 'IMPORT_URL_HOSTS names "*.example"'],
    [{ IMPORT_URL_HOSTS: 'a.example/files' }, 'IMPORT_URL_HOSTS names "a.example/files"'],
    [{ CORS_ALLOWED_ORIGINS: '*,https://a.example' }, 'CORS_ALLOWED_ORIGINS names "*"'],
    [{ DATA_DIR: '/d', FILES_DIR: '/d/duckdb/files' }, 'FILES_DIR is "/d/duckdb/files", which lies inside DUCKDB_DIR'],
    [{ DATA_DIR: '/d', METADATA_DB_PATH: '/d/files/m.sqlite' }, 'METADATA_DB_PATH is'],
    [{ PGWIRE_SSL_MODE: 'maybe' }, 'PGWIRE_SSL_MODE is "maybe", but must be one of disable'],
    [{ PGWIRE_SSL_KEY: '/k.pem' }, 'PGWIRE_SSL_KEY is set, but PGWIRE_SSL_CERT is not'],
    [{ GRPC_TLS_CERT: '/c.pem' }, 'GRPC_TLS_CERT is set, but GRPC_TLS_KEY is not'],
    [{ GRPC_HOST: '0.0.0.0' }, 'GRPC_HOST is "0.0.0.0", which others can reach, without TLS'],
  ])('refuses %j', (env: Environment, message) => {
    expect(() => load(env)).toThrow(ConfigError);
    expect(() => load(env)).toThrow(message);
  });

  it('never shows a secret', () => {
    expect(() => load({ ADMIN_API_KEY: 'top secret' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('top secret') as unknown }),
    );
  });

  it('warns of a short key', () => {
    const { warnings } = load({ ADMIN_API_KEY: 'short' });
    expect(warnings).toEqual([expect.stringContaining('fewer than')]);
    expect(warnings.join()).not.toContain('short;');
  });

  it('reads the PostgreSQL door in base units', () => {
    const { pgwire } = load({
      DATA_DIR: '/d',
      PGWIRE_PORT: '0',
      PGWIRE_AUTH_TIMEOUT_SECONDS: '3',
      PGWIRE_LOGIN_BAN_SECONDS: '60',
      PGWIRE_SSL_CERT: '/c.pem',
      PGWIRE_SSL_KEY: '/k.pem',
    });
    expect(pgwire).toMatchObject({
      enabled: true,
      host: 'localhost',
      port: 0,
      publicHost: 'localhost',
      publicPort: null,
      authenticationTimeoutMs: 3000,
      failedLogins: { max: 10, banMs: 60_000 },
      certificate: { certPath: '/c.pem', keyPath: '/k.pem' },
      directory: '/d/pgwire',
    });
  });

  it('tells clients a name that they can reach', () => {
    const publicHost = (env: Environment) => load(env).pgwire.publicHost;
    expect(publicHost({ PGWIRE_HOST: '0.0.0.0' })).toBe('localhost');
    expect(publicHost({ PGWIRE_HOST: '10.1.2.3' })).toBe('10.1.2.3');
    expect(publicHost({ PGWIRE_HOST: '::', PGWIRE_PUBLIC_HOST: 'db.example' })).toBe('db.example');
  });

  it('accepts its own defaults when they are written out', () => {
    const written = OPTION_NAMES.flatMap((name) => {
      const { default: text } = describeOption(name);
      return text === null ? [] : [[name, text] as const];
    });
    expect(load(Object.fromEntries(written))).toEqual(load({}));
  });

  it('either loads or names the variable in one sentence, whatever it holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPTION_NAMES), fc.string({ unit: 'binary' }), (name, text) => {
        try {
          load({ [name]: text });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as Error).message).toContain(name);
        }
      }),
    );
  });
});
