import type { Route } from '../../define-route.js';
import { addColumn } from './add-column.js';
import { alterColumn } from './alter-column.js';
import { dropColumn } from './drop-column.js';

export const columnRoutes: readonly Route[] = [addColumn, alterColumn, dropColumn];
