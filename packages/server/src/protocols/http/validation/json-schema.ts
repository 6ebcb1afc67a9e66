/** The part of JSON Schema that our request schemas use. */
export interface JsonSchema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

/** Finds a shared schema by its `$id`. */
export type SchemaLookup = (id: string) => JsonSchema | undefined;

export function resolveSchema(schema: JsonSchema, lookup: SchemaLookup): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const shared = lookup(schema.$ref.replace(/#$/, ''));
  if (shared === undefined) throw new Error(`Schema ${schema.$ref} is not registered`);
  return shared;
}

export function acceptsNull(schema: JsonSchema, lookup: SchemaLookup): boolean {
  if (schema.type === 'null') return true;
  return schema.anyOf?.some((branch) => acceptsNull(resolveSchema(branch, lookup), lookup)) ?? false;
}

/** The branch of a nullable schema that says what a value should be: the one that is not null. */
export function branchFor(schema: JsonSchema, value: unknown, lookup: SchemaLookup): JsonSchema {
  if (schema.anyOf === undefined) return schema;
  const branches = schema.anyOf.map((branch) => resolveSchema(branch, lookup));
  const meaningful = branches.filter((branch) => branch.type !== 'null');
  return meaningful[0] ?? branches[0] ?? schema;
}
