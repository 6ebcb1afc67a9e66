/** The first words of statements that are told apart in figures. */
const COMMANDS = new Set(
  `ALTER ANALYZE BEGIN CALL CLOSE COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DESCRIBE DISCARD DROP END EXECUTE EXPLAIN FETCH FROM
  GRANT INSERT LISTEN LOCK MERGE MOVE PREPARE RELEASE RESET REVOKE ROLLBACK SAVEPOINT SELECT SET SHOW START SUMMARIZE TABLE TRUNCATE UPDATE VACUUM
  VALUES WITH`.split(/\s+/),
);

const BEFORE_FIRST_WORD = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|[(;])+/;

/** The class of a statement by its first word: `select`, `insert`, …, `other`. Their number is bounded, whatever clients send. */
export function statementCommand(text: string): string {
  const word = /^[a-z]+/i.exec(text.replace(BEFORE_FIRST_WORD, ''))?.[0]?.toUpperCase() ?? '';
  return COMMANDS.has(word) ? word.toLowerCase() : 'other';
}
