import { Type, type Static, type TSchema, type TUnion, type TNull, type TUnsafe } from 'typebox';

/** A member that may be null. */
export function Nullable<T extends TSchema>(schema: T): TUnion<[T, TNull]> {
  return Type.Union([schema, Type.Null()]);
}

/** One of a few texts; a plain `enum`, which reads better than a union in checks, types and documents. */
export function OneOf<const T extends readonly string[]>(values: T, options: object = {}): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options });
}

/** A shared schema by its `$id`, so that the OpenAPI document names it once. */
export function Shared<T extends TSchema>(schema: T): TUnsafe<Static<T>> {
  const id = (schema as { $id?: unknown }).$id;
  if (typeof id !== 'string') throw new Error('A shared schema needs an $id');
  return Type.Unsafe<Static<T>>({ $ref: `${id}#` });
}
