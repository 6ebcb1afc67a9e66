// A workspace worker with the real runtime, database, gate and operations, but without PostgreSQL's protocol: one frame 'Q' with SQL comes in, one
// frame 'D' (rows as JSON) or 'X' (error as JSON) per statement goes out, then 'Z'. Frames have PostgreSQL's form.
import { version } from '@duckdb/node-api';
import { DuckDbWorkspaceDatabase } from '../../dist/duckdb/workspace/duckdb-workspace-database.js';
import { StatementGate } from '../../dist/duckdb/workspace/gate/statement-gate.js';
import { prepareChecked, runDefinition } from '../../dist/duckdb/workspace/gate/prepare-checked.js';
import { fatalResponse } from '../../dist/workers/fatal-response.js';
import { runWorkspaceJob } from '../../dist/workers/workspace-jobs.js';
import { serveWorkspace } from '../../dist/workers/workspace-runtime.js';

let statementNumber = 0;

const frame = (type, body) => {
  const bytes = Buffer.from(body, 'utf8');
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
};

class PlainSession {
  constructor({ database, gate, link, stream, preamble, connection }) {
    Object.assign(this, { database, gate, link, stream, preamble, connection });
    this.buffer = Buffer.alloc(0);
    this.queue = Promise.resolve();
    this.running = 0;
    this.ended = new Promise((resolve) => (this.resolve = resolve));
    stream.on('data', (chunk) => this.receive(chunk));
    stream.on('end', () => this.finish('disconnected'));
    stream.on('close', () => this.finish('disconnected'));
    stream.resume();
    stream.write(frame('Z', 'I'));
  }

  receive(chunk) {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    while (this.buffer.length >= 5) {
      const length = this.buffer.readInt32BE(1) + 1;
      if (this.buffer.length < length) return;
      const sql = this.buffer.subarray(5, length).toString('utf8');
      this.buffer = this.buffer.subarray(length);
      this.running += 1;
      this.queue = this.queue
        .then(() => this.query(sql))
        .finally(() => {
          this.running -= 1;
          if (this.ending !== undefined && this.running === 0) this.close(this.ending);
        });
    }
  }

  async query(sql) {
    const number = ++statementNumber;
    const startedAt = new Date();
    this.link.statementStarted({
      statementNumber: number,
      sessionId: this.preamble.sessionId,
      actor: this.preamble.username,
      statement: sql.slice(0, 1000),
      startedAt: startedAt.toISOString(),
      deadlineMs: this.preamble.limits.statementTimeoutMs,
    });
    const deadline = setTimeout(() => this.cancel(), this.preamble.limits.statementTimeoutMs);
    let failure = null;
    try {
      // What the gate would stop, to see what stops it without the gate.
      if (sql.startsWith('--raw')) {
        const result = await this.connection.runAndReadAll(sql);
        this.stream.write(frame('D', JSON.stringify(result.getRowsJson().slice(0, 100))));
      } else for (const statement of await this.gate.admit(sql)) await this.run(statement);
    } catch (error) {
      failure = error;
      this.stream.write(
        frame('X', JSON.stringify({ sqlState: error.sqlState ?? null, message: String(error.message).slice(0, 2000) })),
      );
    } finally {
      clearTimeout(deadline);
      clearInterval(this.interrupting);
    }
    this.link.statementFinished({
      statementNumber: number,
      outcome: failure === null ? 'success' : 'failed',
      sqlState: failure?.sqlState ?? null,
      message: null,
      rows: null,
      bytes: null,
      durationMs: Date.now() - startedAt.getTime(),
    });
    this.stream.write(frame('Z', 'I'));
  }

  async run(statement) {
    if (statement.kind === 'transaction') {
      await this.connection.run(statement.text);
      if (statement.verb === 'BEGIN') this.pins = this.database.beginPins(this.connection);
      else {
        this.pins?.release();
        this.pins = undefined;
      }
      this.stream.write(frame('D', '[]'));
      return;
    }
    const pins = this.pins ?? this.database.beginPins(this.connection);
    const growth = statement.mayGrow ? await this.database.beginGrowth(this.connection) : undefined;
    try {
      const path = await this.database.pathFor(statement.text, pins);
      await this.connection.run(`SET search_path = '${path.value.replaceAll("'", "''")}'`);
      // Some definitions are several statements to the engine (ADD COLUMN with a function as its default), which cannot be prepared.
      const prepared =
        statement.kind === 'definition'
          ? { run: () => runDefinition(this.connection, statement.text) }
          : await prepareChecked(this.connection, statement.text);
      if (growth !== undefined && this.pins === undefined) await this.connection.run('BEGIN');
      try {
        const result = await prepared.run();
        await growth?.mustFit();
        if (growth !== undefined && this.pins === undefined) await this.connection.run('COMMIT');
        const rows = await result.getRowsJson();
        this.stream.write(frame('D', JSON.stringify(rows.slice(0, 100))));
      } catch (error) {
        if (growth !== undefined && this.pins === undefined)
          await this.connection.run('ROLLBACK').catch(() => undefined);
        await growth?.mustFit();
        throw error;
      }
    } finally {
      await growth?.end();
      if (this.pins === undefined) pins.release();
    }
  }

  cancel() {
    if (this.running === 0) return;
    this.connection.interrupt();
    clearInterval(this.interrupting);
    this.interrupting = setInterval(() => this.connection.interrupt(), 20);
  }

  end(ending, when) {
    if (when === 'after statement' && this.running > 0) this.ending = ending;
    else {
      this.cancel();
      this.close(ending);
    }
  }

  close({ sqlState, message }) {
    this.stream.end(fatalResponse(sqlState, message));
    this.finish('terminated');
  }

  finish(reason) {
    if (this.finished) return;
    this.finished = true;
    void this.queue.then(() => {
      this.pins?.release();
      this.connection.closeSync();
      this.stream.end();
      this.resolve(reason);
    });
  }
}

await serveWorkspace(async (settings, assignment, link) => {
  const facts = {
    resolveTables: (names) => link.ask('tables', { names }),
    isBucketSchema: async (name) => {
      const catalog = await link.ask('catalog', { knownGeneration: null });
      return catalog.buckets.some((bucket) =>
        bucket.schemaSpellings.some((spelling) => spelling.toLowerCase() === name.toLowerCase()),
      );
    },
  };
  const database = await DuckDbWorkspaceDatabase.open({ ...settings, ...assignment }, facts, (error) => {
    process.stderr.write(`${error.stack}\n`);
  });
  const gate = new StatementGate({
    builtInFunctions: database.builtInFunctions,
    databaseName: assignment.databaseName,
    isBucketSchema: facts.isBucketSchema,
  });
  // Statements keep their text: what is rewritten is tested with the true worker.
  const rewrite = ({ sql }) => Promise.resolve({ sql, edits: [] });
  const meaning = { gate, rewrite, session: { settings: { get: () => undefined } } };
  return {
    startSession: (stream, preamble) => {
      let started;
      const starting = database.connect().then((connection) => {
        started = new PlainSession({ database, gate, link, stream, preamble, connection });
        return started.ended;
      });
      return {
        cancel: () => started?.cancel(),
        end: (ending, when) => started?.end(ending, when),
        ended: starting,
      };
    },
    run: (operation, request, signal) => runWorkspaceJob({ database, meaning, link }, operation, request, signal),
    figures: () => ({ ...database.figures.take(), engineMemoryBytes: 0 }),
    close: async () => {
      await database.checkpoint();
      database.close();
    },
  };
}, version());
