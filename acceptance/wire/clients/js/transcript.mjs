// Features of a client, run one after the other; what each saw is printed under `=== name`. Values are printed with their type,
// errors as their SQLSTATE only. A line that begins with `!!!` is a feature that ended before its end.
const SECONDS_PER_FEATURE = 30;
const features = [];

export const settings = {
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT),
  database: process.env.PGDATABASE,
  user: process.env.PGUSER,
  password: process.env.PGPASSWORD,
};

export function feature(name, work) {
  features.push({ name, work });
}

export function show(...values) {
  console.log(values.map((value) => (typeof value === 'string' ? value : describe(value))).join(' '));
}

export function describe(value) {
  if (Buffer.isBuffer(value)) return `bytes ${value.toString('hex')}`;
  if (value instanceof Date) return `Date ${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(([name, one]) => `${name}: ${describe(one)}`);
    const kind = value.constructor?.name ?? 'Object';
    return `${kind === 'Object' ? '' : `${kind} `}{${members.join(', ')}}`;
  }
  return value === undefined ? 'undefined' : JSON.stringify(value);
}

/** Prints the SQLSTATE of the error that `work` must end with. */
export async function fails(work) {
  try {
    await work();
  } catch (error) {
    console.error(error.message);
    show(`error ${error.code ?? error.name}`);
    return;
  }
  show('no error');
}

/** Runs all features, or those named on the command line. */
export async function run() {
  const wanted = process.argv.slice(2);
  for (const { name, work } of features) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    show(`=== ${name}`);
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve('late'), SECONDS_PER_FEATURE * 1000);
    });
    try {
      if ((await Promise.race([work(), late])) === 'late') show('!!! no answer in time');
    } catch (error) {
      console.error(error);
      show(`!!! ${error.code ?? error.name}`);
    } finally {
      clearTimeout(timer);
    }
  }
  // A connection that a failed feature left open must not keep the process.
  process.exit(0);
}
