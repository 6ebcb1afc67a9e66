import type { Macro } from './macro.js';
import { OBJECT_MACROS } from './object-macros.js';
import { PRIVILEGE_MACROS } from './privilege-macros.js';
import { SCALAR_MACROS } from './scalar-macros.js';
import { SESSION_MACROS } from './session-macros.js';
import { LIVE_ROWS_MACRO, STATISTICS_MACROS } from './server-functions.js';
import { TEXT_MACROS } from './text-macros.js';
import { TYPE_MACROS } from './type-macros.js';

/** In an order in which each uses only those before it and relations. */
export const ALL_MACROS: readonly Macro[] = [
  ...SESSION_MACROS,
  ...STATISTICS_MACROS,
  ...TEXT_MACROS,
  ...SCALAR_MACROS,
  ...TYPE_MACROS,
  ...OBJECT_MACROS,
  LIVE_ROWS_MACRO,
  ...PRIVILEGE_MACROS,
];
