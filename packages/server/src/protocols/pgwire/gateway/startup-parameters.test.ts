import { describe, expect, it } from 'vitest';
import { readStartupParameters } from './startup-parameters.js';

const read = (parameters: Record<string, string>) => readStartupParameters(new Map(Object.entries(parameters)));

describe('startup parameters', () => {
  it('reads user, database and settings', () => {
    expect(read({ user: 'ana', database: 'w', application_name: 'psql', DateStyle: 'ISO' })).toEqual({
      username: 'ana',
      databaseName: 'w',
      applicationName: 'psql',
      all: { user: 'ana', database: 'w', application_name: 'psql', datestyle: 'ISO' },
    });
  });

  it('takes the database of the user name when none is given', () => {
    expect(read({ user: 'ana' }).databaseName).toBe('ana');
  });

  it('reads settings from options; the packet itself counts more', () => {
    const { all } = read({
      user: 'ana',
      options: '-c  statement_timeout=5s --search-path=a,b -cwork_mem=1MB -c application_name=a\\ b\\\\c -c x=',
      work_mem: '2MB',
    });
    expect(all).toEqual({
      user: 'ana',
      database: 'ana',
      statement_timeout: '5s',
      search_path: 'a,b',
      work_mem: '2MB',
      application_name: 'a b\\c',
      x: '',
    });
  });

  it('cannot be used to reach an object’s prototype', () => {
    const { all } = read({ user: 'ana', options: '-c __proto__=x -c constructor=y' });
    expect(Object.keys(all).sort()).toEqual(['__proto__', 'constructor', 'database', 'user']);
  });

  it('cannot change who and where through options', () => {
    expect(read({ user: 'ana', database: 'w', options: '-c user=eva -c database=v' })).toMatchObject({
      username: 'ana',
      databaseName: 'w',
      all: { user: 'ana', database: 'w' },
    });
  });

  it.each([
    ['no user', {}, '28000'],
    ['an empty user', { user: '' }, '28000'],
    ['replication', { user: 'ana', replication: 'database' }, '0A000'],
    ['an option we do not know', { user: 'ana', options: '-d 5' }, '42601'],
    ['a setting without a value', { user: 'ana', options: '-c work_mem' }, '42601'],
    ['-c without a setting', { user: 'ana', options: '-c' }, '42601'],
  ])('refuses %s', (_case, parameters, sqlState) => {
    expect(() => read(parameters)).toThrow(expect.objectContaining({ sqlState, severity: 'FATAL' }));
  });
});
