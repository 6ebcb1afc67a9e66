import type { ParameterValues, WireFormat } from '../../../duckdb/workspace/sql-engine.js';

export const NO_PARAMETERS: ParameterValues = { formats: [], values: [] };

/** No format given is text for all. */
export const TEXT_FORMATS: readonly WireFormat[] = [];
