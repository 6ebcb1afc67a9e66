import type { FileAddress } from '../../../services/stored-files.js';
import { invalid } from '../driver-failure.js';
import type { ImportExportShared_FilePath as FilePath } from '../gen/proto/table_pb.js';

/** Slashes at both ends of the directory do not count. */
export function addressFrom(filePath: FilePath | undefined): FileAddress {
  if (filePath === undefined) throw invalid('The path of the file is missing.');
  const { root, path, fileName } = filePath;
  const directory = path.replaceAll(/^\/+|\/+$/g, '');
  const key = directory === '' ? fileName : `${directory}/${fileName}`;
  if (key === '') throw invalid('The path of the file is empty.');
  return { root, key };
}
