import type { Route } from '../../define-route.js';
import { deleteFile } from './delete-file.js';
import { downloadFile } from './download-file.js';
import { getFile } from './get-file.js';
import { listFiles } from './list-files.js';
import { prepareFile } from './prepare-file.js';
import { registerFile } from './register-file.js';
import { uploadFile } from './upload-file.js';

export const fileRoutes: readonly Route[] = [
  prepareFile,
  uploadFile,
  registerFile,
  listFiles,
  getFile,
  downloadFile,
  deleteFile,
];
