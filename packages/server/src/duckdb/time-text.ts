/**
 * Dates, times and intervals as JSON text. Years 1 to 9999 are ISO 8601; what ISO cannot say (infinity, other years) is the
 * engine's own text, so that it can be read back by the engine.
 */
const MICROS_PER_DAY = 86_400_000_000n;
const DATE_INFINITY_DAYS = 2 ** 31 - 1;
const TIMESTAMP_INFINITY = 2n ** 63n - 1n;

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Proleptic Gregorian calendar, days since 1970-01-01; eras of 400 years keep every intermediate value positive. */
function civilDate(days: number): CivilDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** The engine writes years before 1 as `0044-03-15 (BC)`. */
function dateParts(days: number): { text: string; iso: boolean } {
  const { year, month, day } = civilDate(days);
  const shownYear = String(year > 0 ? year : 1 - year).padStart(4, '0');
  const text = `${shownYear}-${two(month)}-${two(day)}`;
  return year > 0 ? { text, iso: year <= 9999 } : { text: `${text} (BC)`, iso: false };
}

export function dateText(days: number): string {
  if (days === DATE_INFINITY_DAYS) return 'infinity';
  if (days === -DATE_INFINITY_DAYS) return '-infinity';
  return dateParts(days).text;
}

/** Digits after the point are six, or nine where there are nanoseconds, or none. */
export function timeText(micros: bigint, extraNanos = 0): string {
  const totalMicros = Number(micros);
  const seconds = Math.floor(totalMicros / 1_000_000);
  const fraction = totalMicros - seconds * 1_000_000;
  const clock = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (extraNanos !== 0) return `${clock}.${String(fraction * 1_000 + extraNanos).padStart(9, '0')}`;
  return fraction === 0 ? clock : `${clock}.${String(fraction).padStart(6, '0')}`;
}

export function offsetText(offsetSeconds: number): string {
  const absolute = Math.abs(offsetSeconds);
  const seconds = absolute % 60;
  const text = `${two(Math.floor(absolute / 3_600))}:${two(Math.floor(absolute / 60) % 60)}`;
  return `${offsetSeconds < 0 ? '-' : '+'}${text}${seconds === 0 ? '' : `:${two(seconds)}`}`;
}

/** `zone` is added to finite values. */
export function timestampText(micros: bigint, zone = '', extraNanos = 0): string {
  if (micros === TIMESTAMP_INFINITY) return 'infinity';
  if (micros === -TIMESTAMP_INFINITY) return '-infinity';
  const timeOfDay = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  const date = dateParts(Number((micros - timeOfDay) / MICROS_PER_DAY));
  return `${date.text}${date.iso ? 'T' : ' '}${timeText(timeOfDay, extraNanos)}${zone}`;
}

export function timestampNanosText(nanos: bigint): string {
  if (nanos === TIMESTAMP_INFINITY) return 'infinity';
  if (nanos === -TIMESTAMP_INFINITY) return '-infinity';
  const extra = ((nanos % 1_000n) + 1_000n) % 1_000n;
  return timestampText((nanos - extra) / 1_000n, '', Number(extra));
}

/** ISO 8601 duration; every part carries its own sign, because the engine keeps months, days and time apart. */
export function intervalText(months: number, days: number, micros: bigint): string {
  const years = Math.trunc(months / 12);
  const restMonths = months - years * 12;
  const date = part(years, 'Y') + part(restMonths, 'M') + part(days, 'D');
  const sign = micros < 0n ? '-' : '';
  const absolute = micros < 0n ? -micros : micros;
  const hours = absolute / 3_600_000_000n;
  const minutes = (absolute / 60_000_000n) % 60n;
  const seconds = (absolute / 1_000_000n) % 60n;
  const fraction = absolute % 1_000_000n;
  const secondsText =
    fraction === 0n ? String(seconds) : `${seconds}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  const time =
    (hours === 0n ? '' : `${sign}${hours}H`) +
    (minutes === 0n ? '' : `${sign}${minutes}M`) +
    (seconds === 0n && fraction === 0n ? '' : `${sign}${secondsText}S`);
  if (date === '' && time === '') return 'PT0S';
  return `P${date}${time === '' ? '' : `T${time}`}`;
}

function part(value: number, unit: string): string {
  return value === 0 ? '' : `${value}${unit}`;
}
