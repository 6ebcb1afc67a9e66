import { createReadStream, createWriteStream } from 'node:fs';
import { link, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import { fileSizeBytes, inflateSource } from './source-compression.js';

const LINE_FEED = 0x0a;

/**
 * One plain file with the rows of all of them, or null when they hold nothing. A single file that is plain already is not copied:
 * the engine reads it where it is.
 */
export async function joinFiles(
  paths: readonly string[],
  scratch: string,
  limits: { readonly skippedLines: number; readonly maxInflatedBytes: number },
  signal: AbortSignal,
): Promise<string | null> {
  const plain: string[] = [];
  for (const [index, path] of paths.entries()) {
    plain.push(await inflateSource(path, join(scratch, `inflated-${index}`), limits.maxInflatedBytes, signal));
  }
  const [only] = plain;
  // The engine takes some characters in a path for a pattern; this name has none.
  const target = join(scratch, 'joined');
  if (plain.length === 1 && only !== undefined && limits.skippedLines === 0) {
    await link(only, target).catch(() => symlink(resolve(only), target));
  } else {
    await concatenate(plain, target, limits.skippedLines, signal);
  }
  return (await fileSizeBytes(target)) === 0 ? null : target;
}

async function concatenate(
  paths: readonly string[],
  target: string,
  skippedLines: number,
  signal: AbortSignal,
): Promise<void> {
  const output = createWriteStream(target, { flags: 'wx' });
  try {
    for (const path of paths) {
      let toSkip = skippedLines;
      let last = LINE_FEED;
      for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
        let start = 0;
        while (toSkip > 0) {
          const end = chunk.indexOf(LINE_FEED, start);
          if (end === -1) break;
          start = end + 1;
          toSkip -= 1;
        }
        if (toSkip > 0 || start === chunk.length) continue;
        last = chunk[chunk.length - 1] ?? LINE_FEED;
        if (!output.write(chunk.subarray(start))) await once(output, 'drain');
      }
      // The next file begins on a line of its own.
      if (last !== LINE_FEED && !output.write('\n')) await once(output, 'drain');
    }
    output.end();
    await finished(output);
  } catch (error) {
    output.destroy();
    throw error;
  }
}
