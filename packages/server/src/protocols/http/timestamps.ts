/** `2026-11-23T16:08:26.932000+00:00`: microseconds and offset as clients of the reference expect, no fraction when zero. */
export function formatTimestamp(date: Date): string {
  const text = date.toISOString();
  const seconds = text.slice(0, -5);
  const milliseconds = text.slice(-4, -1);
  return milliseconds === '000' ? `${seconds}+00:00` : `${seconds}.${milliseconds}000+00:00`;
}

export function formatOptionalTimestamp(date: Date | null): string | null {
  return date === null ? null : formatTimestamp(date);
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?(?:([Zz])|([+ -]\d{2}):?(\d{2}))?$/;

/**
 * An ISO 8601 time as clients write it, to the millisecond: in UTC without an offset, at midnight without a time. A plus
 * sign that was not encoded in a query arrives as a blank and is read as the plus it was.
 */
export function parseTimestamp(text: string): Date | undefined {
  if (DATE.test(text)) return realTime(text, `${text}T00:00:00Z`);
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', fraction = '', , offsetHours = '+00', offsetMinutes = '00'] = match;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const offset = `${offsetHours.replace(' ', '+')}:${offsetMinutes}`;
  return realTime(date, `${date}T${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
}

/** `Date` takes the 30th of February for the 2nd of March. */
function realTime(date: string, text: string): Date | undefined {
  const parsed = new Date(text);
  if (Number.isNaN(parsed.getTime())) return undefined;
  const midnight = new Date(`${date}T00:00:00Z`);
  return midnight.toISOString().startsWith(date) ? parsed : undefined;
}
