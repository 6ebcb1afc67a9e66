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
