/** Pieces of PostgreSQL's patterns for dates, longest first, and the same for `strftime`. */
const PIECES: readonly (readonly [string, string])[] = [
  ['YYYY', '%Y'],
  ['HH24', '%H'],
  ['HH12', '%I'],
  ['FMMonth', '%B'],
  ['FMDay', '%A'],
  ['FMDD', '%-d'],
  ['FMMM', '%-m'],
  ['FMHH24', '%-H'],
  ['FMHH12', '%-I'],
  ['IYYY', '%G'],
  ['DDD', '%j'],
  ['Mon', '%b'],
  ['Dy', '%a'],
  ['YY', '%y'],
  ['MM', '%m'],
  ['DD', '%d'],
  ['HH', '%I'],
  ['MI', '%M'],
  ['SS', '%S'],
  ['MS', '%g'],
  ['US', '%f'],
  ['IW', '%V'],
  ['ID', '%u'],
  ['AM', '%p'],
  ['PM', '%p'],
  ['TZ', '%Z'],
];

/** A pattern of `to_char` for dates as one of `strftime`; undefined for one that holds more than these. */
export function strftimePattern(pattern: string): string | undefined {
  const pieces = PIECES.toSorted(([a], [b]) => b.length - a.length);
  let translated = '';
  let at = 0;
  while (at < pattern.length) {
    const quoted = /^"([^"]*)"/.exec(pattern.slice(at));
    const piece = pieces.find(([name]) => {
      const text = pattern.slice(at, at + name.length);
      // Names of months and days are written as the pattern is; the rest may be in either case.
      return /[a-z]/.test(name) ? text === name : text.toUpperCase() === name;
    });
    if (quoted !== null) {
      translated += (quoted[1] ?? '').replaceAll('%', '%%');
      at += quoted[0].length;
    } else if (piece !== undefined) {
      translated += piece[1];
      at += piece[0].length;
    } else if (/[A-Za-z0-9]/.test(pattern[at] ?? '') && pattern[at] !== 'T') {
      return undefined;
    } else {
      translated += pattern[at] === '%' ? '%%' : pattern[at];
      at++;
    }
  }
  return translated;
}
