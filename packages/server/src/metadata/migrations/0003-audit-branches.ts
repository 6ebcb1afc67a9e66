import type { Migration } from './migration.js';

/** The audit says which branch a change was asked for; entries from before do not know. */
export const auditBranchesMigration: Migration = {
  number: 3,
  name: 'audit-branches',
  async up(db) {
    await db.schema.alterTable('operations').addColumn('branch_id', 'text').execute();
  },
};
