import { describe, expect, it } from 'vitest';
import { refuseUnknownVariables } from './unknown-variables.js';

describe('refuseUnknownVariables', () => {
  it.each([
    ['DUCKDB_MEMORY_LIMITS', 'DUCKDB_MEMORY_LIMIT'],
    ['DUCKDB_TREADS', 'DUCKDB_THREADS'],
    ['ENGINE_READ_WORKER', 'ENGINE_READ_WORKERS'],
    ['PGWIRE_SSLMODE', 'PGWIRE_SSL_MODE'],
    ['IDEMPOTENCY_TTL', 'IDEMPOTENCY_TTL_SECONDS'],
    ['PROJECT_MAX_BYTES', 'PROJECT_MAX_FILES'],
    ['UPLOAD_LIFETIME', 'UPLOAD_LIFETIME_HOURS'],
    ['ADMIN_APIKEY', 'ADMIN_API_KEY'],
    ['data_dirs', 'DATA_DIR'],
  ])('stops at %s and suggests %s', (given, nearest) => {
    expect(() => refuseUnknownVariables({ [given]: 'x' })).toThrow(
      `${given} is not an option of this server; did you mean ${nearest}?`,
    );
  });

  it.each([
    ['API_KEY', 'x'],
    ['API_URL', 'x'],
    ['API_TOKEN', 'x'],
    ['PROJECT_ID', 'x'],
    ['PROJECT_NAME', 'x'],
    ['PROJECT_DIR', 'x'],
    ['TABLE_NAME', 'x'],
    ['DATABASE_URL', 'x'],
    ['UPLOAD_DIR', 'x'],
    ['DUCKDB_VERSION', '1.5.6'],
    ['DUCKDB_STORAGE_SERVICE_HOST', '10.0.0.7'],
    ['DUCKDB_STORAGE_SERVICE_PORT_HTTP', '8000'],
    ['DUCKDB_STORAGE_PORT', 'tcp://10.0.0.7:8000'],
    ['DUCKDB_STORAGE_PORT_8000_TCP_ADDR', '10.0.0.7'],
    ['PATH', '/bin'],
    ['PORT', '1'],
  ])('lets %s of other software pass', (name, value) => {
    expect(() => refuseUnknownVariables({ [name]: value })).not.toThrow();
  });
});
