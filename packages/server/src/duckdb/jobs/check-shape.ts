import type { JobHandler } from '../../workers/job-context.js';
import { checkShapeDefinition } from '../checked-shape.js';

export const checkShape: JobHandler<'checkShape'> = ({ shape }, { database, signal }) =>
  database.withConnection(signal, async (connection) => ({ shape: await checkShapeDefinition(connection, shape) }));
