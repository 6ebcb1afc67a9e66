import { defineChange } from '../../define-route.js';
import { BackendResultSchema, renderInit } from '../../schemas/backend.js';

export const initBackend = defineChange({
  operation: 'backend.init',
  method: 'POST',
  path: '/backend/init',
  summary: 'Make missing storage directories',
  description: 'Safe to repeat.',
  success: { status: 200, description: 'The directories are there', schema: BackendResultSchema },
  errors: ['init_failed'],
  run: ({ services }, change) => services.backend.init(change),
  render: renderInit,
});
