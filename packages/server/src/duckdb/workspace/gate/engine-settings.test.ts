import { describe, expect, it } from 'vitest';
import { overSnapshot } from '../catalog/definitions/snapshot.js';
import { mustNotAskEngineSettings } from './engine-settings.js';

describe('current_setting() on its way to the engine', () => {
  it.each(['SELECT current_setting($1)', `SELECT "current_setting"('x')`, 'SELECT a.__pg.fn(current_setting(b))'])(
    'is refused where the engine would answer: %s',
    (sql) => {
      expect(() => {
        mustNotAskEngineSettings(sql);
      }).toThrow(expect.objectContaining({ sqlState: '0A000' }));
    },
  );

  it('is the catalogue’s over its views and over their picture', () => {
    const sql = 'SELECT __pg.fn.current_setting($1) FROM __pg.catalog.pg_class';
    for (const text of [sql, overSnapshot(sql)]) {
      expect(() => {
        mustNotAskEngineSettings(text);
      }).not.toThrow();
    }
  });
});
