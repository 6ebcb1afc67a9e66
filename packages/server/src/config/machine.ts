import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** What defaults are worked out from. */
export interface Machine {
  readonly cores: number;
  /** Of the machine, or of the container when that is less. */
  readonly memoryBytes: number;
  readonly packageVersion: string;
}

export function describeMachine(): Machine {
  // Reports 0 or an absurdly large number where no container limit is set.
  const limitBytes = process.constrainedMemory();
  const totalBytes = totalmem();
  return {
    cores: availableParallelism(),
    memoryBytes: limitBytes > 0 && limitBytes < totalBytes ? limitBytes : totalBytes,
    packageVersion: readPackageVersion(),
  };
}

function readPackageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version;
  }
  throw new Error('package.json of the server has no version');
}
