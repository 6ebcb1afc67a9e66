/**
 * What a configuration option may say. `size` accepts plain bytes or a number with a unit (`4GB`, `512MiB`); `path` is made
 * absolute against the working directory. `min` and `max` bound integers and sizes and are inclusive.
 */
export interface OptionDescription {
  readonly type: OptionType;
  /** As it would be written in the environment; null when there is none, or when it is worked out at start. */
  readonly default: string | null;
  /** How the default is worked out, for the reference page, when `default` is null. */
  readonly defaultIs?: string;
  readonly description: string;
  readonly section: OptionSection;
  /** Never shown in messages, logs or the generated reference. */
  readonly secret?: true;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

export type OptionType = 'text' | 'integer' | 'boolean' | 'size' | 'path';

export type OptionSection = 'service' | 'http' | 'storage' | 'engine' | 'files' | 'operation' | 'pgwire' | 'driver';

export type OptionValue<T extends OptionType> = T extends 'integer' | 'size'
  ? number
  : T extends 'boolean'
    ? boolean
    : string;

/** The start stops: one sentence that names the variable, what it says and what would be valid. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
