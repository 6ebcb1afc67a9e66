import { runMain, serverEnvironment } from '../../../../../acceptance/helpers/server-process.js';

export interface DoctorAnswer {
  readonly versionsChecked: number;
  readonly filesChecked: number;
  readonly findings: readonly { readonly severity: string; readonly subject: string; readonly problem: string }[];
}

/** Every referenced byte against its checksum, read by a process of its own. */
export async function runDoctor(dataDir: string): Promise<DoctorAnswer> {
  const { stdout, stderr } = await runMain(['doctor', '--json'], serverEnvironment(dataDir));
  if (!stdout.startsWith('{')) throw new Error(`doctor failed: ${stderr}${stdout}`);
  return JSON.parse(stdout) as DoctorAnswer;
}
