import { SNAPSHOT_SCHEMAS } from './snapshot.js';

/** What the service tells of the project, in the shape the catalogue needs; replaced as a whole by `loadProjectCatalog`. */
export const PROJECT_TABLES: readonly string[] = [
  ...SNAPSHOT_SCHEMAS,
  `CREATE TABLE __project.main.schemas (oid UINTEGER, name VARCHAR, comment VARCHAR)`,
  `CREATE TABLE __project.main.spellings (oid UINTEGER, spelling VARCHAR)`,
  `CREATE TABLE __project.main.relations (oid UINTEGER, schema_oid UINTEGER, name VARCHAR, row_count BIGINT, columns SMALLINT,
     key_columns SMALLINT[], key_names VARCHAR[], key_text VARCHAR)`,
  `CREATE TABLE __project.main.columns (relation_oid UINTEGER, name VARCHAR, number SMALLINT, type_oid UINTEGER, modifier INTEGER,
     dimensions SMALLINT, required BOOLEAN, default_text VARCHAR)`,
  `CREATE TABLE __project.main.comments (oid UINTEGER, class_oid UINTEGER, number INTEGER, comment VARCHAR)`,
];
