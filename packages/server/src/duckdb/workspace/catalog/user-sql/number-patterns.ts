import { quoteLiteral } from '../../../quoting.js';

/** What stands before the first digit of a pattern, its digits, and what stands behind the last. */
const PATTERN =
  /^(FM)?(S|MI)?((?:[^90.,SMP"]|"[^"]*")*)(?=[90.,DG])([90.,DG]+)(PR|S|MI)?((?:[^90.,SMPDG"]|"[^"]*")*)$/i;
const LETTERS = /[a-z]/i;

/** A DECIMAL has so many digits. */
const MAX_DIGITS = 30;

/** Whether a pattern of `to_char` is one for numbers: those for dates have letters, and 2 and 4 as their only digits. */
export function isNumberPattern(pattern: string): boolean {
  return /[90]/.test(pattern.replaceAll(/"[^"]*"/g, ''));
}

/**
 * `to_char(number, pattern)` as an expression of `__v`; undefined for a pattern with more than digits, groups, a decimal point, a sign and
 * characters around them. PostgreSQL's rules: 9 is a digit or a blank, 0 a digit, a sign stands before the first digit, and FM leaves out blanks
 * and needless zeros.
 */
export function numberText(pattern: string): string | undefined {
  const parts = PATTERN.exec(pattern);
  if (parts === null) return undefined;
  const [, fill, leading = '', prefix = '', digits = '', trailing = '', suffix = ''] = parts;
  const [before = '', after, ...more] = digits.toUpperCase().replaceAll('D', '.').replaceAll('G', ',').split('.');
  const literal = [prefix, suffix].map((text) => text.replaceAll(/"[^"]*"/g, ''));
  if (more.length > 0 || literal.some((text) => LETTERS.test(text)) || after?.includes(',') === true) return undefined;
  const groups = before.split(',');
  const whole = groups.join('');
  if (whole.length + (after?.length ?? 0) > MAX_DIGITS || (leading !== '' && trailing !== '')) return undefined;
  const fills = fill === undefined;
  const body = bodySql(groups, after, fills);
  const signed = signedSql(
    body,
    roundedSql(after?.length ?? 0),
    (leading || trailing).toUpperCase(),
    leading !== '',
    fills,
  );
  const texts = [prefix, suffix].map((text) => quoteLiteral(text.replaceAll('"', '')));
  return `${texts[0] ?? ''} || ${signed} || ${texts[1] ?? ''}`;
}

/** The digits without a sign, with blanks in front unless FM says otherwise. */
function bodySql(groups: readonly string[], after: string | undefined, fills: boolean): string {
  const whole = groups.join('');
  const decimals = after?.length ?? 0;
  const rounded = `CAST(${roundedSql(decimals)} AS VARCHAR)`;
  const integer = `split_part(${rounded}, '.', 1)`;
  // Without a place for it, not even a zero fits.
  const overflows = whole === '' ? 'true' : `length(${integer}) > ${whole.length}`;
  const firstZero = whole.indexOf('0');
  const isNothing = decimals > 0 ? `WHEN ${integer} = '0' THEN ''` : '';
  const shown = `CASE WHEN ${overflows} THEN repeat('#', ${whole.length}) ${isNothing} ELSE ${integer} END`;
  const padded = `lpad(${shown}, ${whole.length}, ' ')`;
  const zeroed =
    firstZero === -1
      ? padded
      : `left(${padded}, ${firstZero}) || replace(substr(${padded}, ${firstZero + 1}), ' ', '0')`;
  const grouped = groups.length === 1 ? `(${zeroed})` : groupedSql(groups, `(${zeroed})`);
  if (after === undefined) return fills ? grouped : `ltrim(${grouped})`;
  const fraction =
    decimals === 0
      ? `''`
      : `CASE WHEN ${overflows} THEN repeat('#', ${decimals}) ELSE split_part(${rounded}, '.', 2) END`;
  if (fills) return `(${grouped} || '.' || ${fraction})`;
  const kept = after.lastIndexOf('0') + 1;
  const short = `(left(${fraction}, ${kept}) || rtrim(substr(${fraction}, ${kept + 1}), '0'))`;
  const number = `(ltrim(${grouped}) || '.' || ${short})`;
  return `(CASE WHEN ${number} = '.' THEN '0.' ELSE ${number} END)`;
}

/** A comma between two groups, unless there is no digit before it. */
function groupedSql(groups: readonly string[], digits: string): string {
  let at = 1;
  const pieces = groups.map((group, index) => {
    const piece = `substr(${digits}, ${at}, ${group.length})`;
    at += group.length;
    if (index === groups.length - 1) return piece;
    return `${piece} || CASE WHEN trim(left(${digits}, ${at - 1})) = '' THEN ' ' ELSE ',' END`;
  });
  return `(${pieces.join(' || ')})`;
}

/** At the digits, unless the pattern gives the sign a place of its own. */
function signedSql(body: string, rounded: string, sign: string, leads: boolean, fills: boolean): string {
  const isNegative = `(__v < 0 AND ${rounded} <> 0)`;
  const nothing = fills ? `' '` : `''`;
  const atDigits = (negative: string, positive: string): string =>
    `(repeat(' ', length(${body}) - length(ltrim(${body}))) || CASE WHEN ${isNegative} THEN ${negative} ELSE ${positive} END || ltrim(${body}))`;
  if (sign === 'MI' || (sign === 'S' && !leads)) {
    const mark = `CASE WHEN ${isNegative} THEN '-' ELSE ${sign === 'S' ? `'+'` : nothing} END`;
    return leads ? `(${mark} || ${body})` : `(${body} || ${mark})`;
  }
  if (sign === 'S') return atDigits(`'-'`, `'+'`);
  if (sign === 'PR') return `(${atDigits(`'<'`, nothing)} || CASE WHEN ${isNegative} THEN '>' ELSE ${nothing} END)`;
  return atDigits(`'-'`, nothing);
}

function roundedSql(decimals: number): string {
  return `CAST(abs(__v) AS DECIMAL(38, ${decimals}))`;
}
