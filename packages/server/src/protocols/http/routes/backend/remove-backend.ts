import { defineChange } from '../../define-route.js';
import { BackendResultSchema } from '../../schemas/backend.js';

export const removeBackend = defineChange({
  operation: 'backend.remove',
  method: 'POST',
  path: '/backend/remove',
  summary: 'Acknowledge a removal; nothing is deleted',
  success: { status: 200, description: 'Acknowledged', schema: BackendResultSchema },
  errors: [],
  run: ({ services }, change) => services.backend.remove(change),
  render: () => ({ success: true, message: 'Backend removal acknowledged (no-op)', storage_paths: null }),
});
