import { spawnSync } from 'node:child_process';

/** Is the program there? Tests that need a real one say so with `skipIf`; `.ci/run` installs it. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
