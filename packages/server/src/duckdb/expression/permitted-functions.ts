/**
 * Scalar functions that conditions and defaults may call. A function is here when its cost and its result are bounded by its arguments
 * and it knows nothing but them (and the clock or chance). Left out on purpose: whatever reads files, settings, sequences or
 * catalogs, whatever makes much of little (`repeat`, `lpad`, `range`, `format`, `list_resize`), distances of long
 * texts, functions that take lambdas, and those that crash the engine on deeply nested JSON (`json_structure`, `json_merge_patch`,
 * `json_contains`, `json_transform`).
 */
const FUNCTIONS = `
  abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log10 log2 pow power mod fmod fdiv divide multiply add subtract
  sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh cot degrees radians pi even gcd lcm greatest_common_divisor
  least_common_multiple greatest least isnan isinf isfinite signbit nextafter round_even bit_count xor hash random

  lower upper lcase ucase length len char_length character_length octet_length bit_length strlen length_grapheme
  left right left_grapheme right_grapheme substr substring substring_grapheme trim ltrim rtrim
  replace translate reverse concat concat_ws contains starts_with ends_with prefix suffix instr strpos position
  split_part string_split str_split split string_to_array string_split_regex str_split_regex
  regexp_matches regexp_full_match regexp_extract regexp_extract_all regexp_replace regexp_escape
  like_escape not_like_escape ilike_escape not_ilike_escape ascii unicode ord chr strip_accents nfc_normalize
  md5 sha1 sha256 hex unhex to_hex from_hex bin base64 to_base64 from_base64 encode decode url_encode url_decode
  parse_filename parse_dirname parse_dirpath

  now today current_date current_localtime current_localtimestamp get_current_timestamp get_current_time transaction_timestamp
  date_part datepart date_trunc datetrunc date_diff datediff date_sub datesub date_add age ago
  year month day hour minute second millisecond microsecond nanosecond quarter week weekofyear yearweek isoyear isodow weekday
  dayofweek dayofmonth dayofyear decade century millennium era epoch epoch_ms epoch_us epoch_ns julian last_day days_in_month
  dayname monthname make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz
  strftime strptime try_strptime time_bucket timezone timezone_hour timezone_minute to_timestamp
  to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds to_quarters to_decades
  to_centuries to_millennia normalized_interval

  nullif typeof uuid gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
  enum_code get_bit bit_position bitstring

  list_value list_pack array_value row struct_pack map
  list_contains list_has array_contains array_has list_has_any array_has_any list_has_all array_has_all
  list_position list_indexof array_position array_indexof list_extract list_element array_extract list_slice array_slice
  list_concat list_cat array_concat array_cat list_append array_append list_prepend array_prepend
  list_distinct array_distinct list_unique array_unique list_sort array_sort list_reverse_sort array_reverse_sort list_reverse
  array_length array_to_string list_intersect array_intersect flatten
  list_sum list_min list_max list_avg list_count list_first list_last list_any_value list_median list_mode
  struct_extract struct_extract_at struct_keys struct_contains struct_has
  map_extract map_extract_value element_at map_keys map_values map_entries map_contains cardinality
  union_extract union_tag union_value

  json json_extract json_extract_string json_extract_path json_extract_path_text json_value json_exists json_type json_valid
  json_keys json_array_length json_array json_object json_quote to_json array_to_json row_to_json
`;

export const PERMITTED_FUNCTIONS: ReadonlySet<string> = new Set(FUNCTIONS.trim().split(/\s+/));

/**
 * Their second argument must be a text in the condition itself, and a short one: compiling a pattern of 200,000 characters, for
 * instance from a column, takes minutes and cannot be interrupted.
 */
export const PATTERN_FUNCTIONS: ReadonlySet<string> = new Set([
  'regexp_matches',
  'regexp_full_match',
  'regexp_extract',
  'regexp_extract_all',
  'regexp_replace',
  'string_split_regex',
  'str_split_regex',
]);
export const MAX_PATTERN_LENGTH = 1_000;

/** Names with a grammar of their own (`position('a' IN b)`) that cannot be called with a list of arguments. */
export const CALLABLE_NAMES: ReadonlyMap<string, string> = new Map([['position', 'strpos']]);

export const BINARY_OPERATORS: ReadonlySet<string> = new Set(
  '+ - * / // % ** ^ || & | << >> ~~ !~~ ~~* !~~* ~~~ -> ->> @> <@ && ^@'.split(' '),
);

export const UNARY_OPERATORS: ReadonlySet<string> = new Set(['+', '-', '~', '@']);

/** Words that are functions without brackets, unless a column has that name. */
export const CLOCK_WORDS: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
]);
