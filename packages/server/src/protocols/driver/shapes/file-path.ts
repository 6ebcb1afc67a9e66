import type { FileAddress } from '../../../services/stored-files.js';
import { invalid } from '../driver-failure.js';
import type { ImportExportShared_FilePath as FilePath } from '../gen/proto/table_pb.js';

/**
 * The address of a file that is not in the storage of this service: `root` begins with `http://` or `https://`. One with a query, such
 * as a signed one, is used whole; otherwise the path and the name of the file follow it.
 */
export function remoteAddressFrom(filePath: FilePath | undefined): string | undefined {
  if (filePath === undefined || !/^https?:\/\//i.test(filePath.root)) return undefined;
  const { root, path, fileName } = filePath;
  const segments = [...path.split('/'), ...fileName.split('/')].filter((segment) => segment !== '');
  if (root.includes('?') || segments.length === 0) return root;
  return [root.replace(/\/+$/, ''), ...segments.map(encodeURIComponent)].join('/');
}

/** Slashes at both ends of the directory do not count. */
export function addressFrom(filePath: FilePath | undefined): FileAddress {
  if (filePath === undefined) throw invalid('The path of the file is missing.');
  const { root, path, fileName } = filePath;
  const directory = path.replaceAll(/^\/+|\/+$/g, '');
  const key = directory === '' ? fileName : `${directory}/${fileName}`;
  if (key === '') throw invalid('The path of the file is empty.');
  return { root, key };
}
