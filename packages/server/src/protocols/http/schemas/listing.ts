import type { ListQuery } from '../../../model/list-query.js';
import { Type, type Static } from 'typebox';
import { OneOf } from './nullable.js';
import { optionalPageFrom, optionalPagingQuery } from './paging.js';

/** The query of a list of named things: a page of it, some of its names, in some order. */
export function listingQuery<const S extends readonly string[]>(sorts: S) {
  return Type.Object({
    ...optionalPagingQuery,
    prefix: Type.Optional(Type.String({ description: 'Only names that begin with this; case does not matter' })),
    search: Type.Optional(Type.String({ description: 'Only names that contain this; case does not matter' })),
    sort: Type.Optional(OneOf(sorts, { description: '`name` unless given; equal values are in name order' })),
    order: Type.Optional(
      OneOf(['asc', 'desc'], { description: '`asc` unless given; what has no value comes first then' }),
    ),
  });
}

export function listQueryFrom<S extends string>(
  query: Static<ReturnType<typeof listingQuery<readonly S[]>>>,
): ListQuery<S> {
  const { prefix, search, sort, order } = query;
  return { ...optionalPageFrom(query), prefix, search, sort, order };
}
