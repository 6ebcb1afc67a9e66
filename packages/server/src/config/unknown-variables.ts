import { ConfigError } from './option.js';
import { OPTION_NAMES } from './options.js';

/** Nobody else uses these: a name that starts with one of them and is not in the table is a mistake. */
const OWN_PREFIXES = ['DUCKDB_', 'PGWIRE_', 'ENGINE_', 'IDEMPOTENCY_', 'MAINTENANCE_'];

/** Other software uses these as well (`API_KEY`, `PROJECT_ID`): here only a near miss of one of our names is a mistake. */
const SHARED_PREFIXES = [
  'API_',
  'ADMIN_',
  'TABLE_',
  'PROJECT_',
  'IMPORT_',
  'UPLOAD_',
  'DATA_',
  'FILES_',
  'METADATA_',
  'MAX_UPLOAD',
  'CORS_',
  'DISK_',
];

/** Set by base images and by DuckDB's own tools. */
const FOREIGN_NAMES = new Set(['DUCKDB_VERSION', 'DUCKDB_HISTORY', 'DUCKDB_HOME', 'DUCKDB_PATH', 'DUCKDB_LIBRARY']);

/** What Kubernetes and container links put into every container for a service named like one of our prefixes. */
const SERVICE_LINK = /_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;
const SERVICE_ADDRESS = /^(tcp|udp):\/\//;

/** A misspelt option would silently change nothing, so the start stops and names the nearest known one. */
export function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  for (const [given, value] of Object.entries(env)) {
    const name = given.toUpperCase();
    if (OPTION_NAMES.some((known) => known === name) || isForeign(name, value ?? '')) continue;
    const nearest = nearestOption(name);
    const isOurs = OWN_PREFIXES.some((prefix) => name.startsWith(prefix));
    const isNearMiss =
      nearest.distance <= Math.floor(nearest.name.length / 3) &&
      SHARED_PREFIXES.some((prefix) => name.startsWith(prefix));
    if (isOurs || isNearMiss) {
      throw new ConfigError(
        `${given} is not an option of this server; did you mean ${nearest.name}? Correct the name, or unset the variable.`,
      );
    }
  }
}

function isForeign(name: string, value: string): boolean {
  return FOREIGN_NAMES.has(name) || SERVICE_LINK.test(name) || SERVICE_ADDRESS.test(value);
}

export function nearestOption(name: string): { name: string; distance: number } {
  let best = { name: '', distance: Number.POSITIVE_INFINITY };
  for (const known of OPTION_NAMES) {
    const distance = editDistance(name, known);
    if (distance < best.distance) best = { name: known, distance };
  }
  return best;
}

/** Levenshtein: insertions, deletions and replacements of single characters. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
