/** The session's settings that change how values look. Other values of DateStyle and IntervalStyle are refused by SET. */
export interface WireSettings {
  /** An IANA name, as `SET TimeZone` was given it. */
  readonly timeZone: string;
  /** Above 0: the shortest text that reads back as the same number. Otherwise 15 (real: 6) digits and this many more. */
  readonly extraFloatDigits: number;
  readonly byteaOutput: 'hex' | 'escape';
}

export const DEFAULT_WIRE_SETTINGS: WireSettings = { timeZone: 'UTC', extraFloatDigits: 1, byteaOutput: 'hex' };

/** 0 text, 1 binary: as Bind and RowDescription say it. */
export type WireFormat = 0 | 1;
