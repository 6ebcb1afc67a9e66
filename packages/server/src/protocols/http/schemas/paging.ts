import { Type, type Static } from 'typebox';
import type { Page } from '../../../metadata/metadata-store.js';

export const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

export const pagingQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_PAGE_SIZE,
      description: `Page size, ${DEFAULT_PAGE_SIZE} unless given`,
    }),
  ),
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'How many to pass over, 0 unless given',
    }),
  ),
};

/** For lists that are complete unless a page is asked for. */
export const optionalPagingQuery = {
  ...pagingQuery,
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE, description: 'Page size; everything when neither is given' }),
  ),
};

export const OptionalPaging = Type.Object(optionalPagingQuery);

type Paging = Static<typeof OptionalPaging>;

export function pageFrom(query: Paging): Page {
  return { limit: query.limit ?? DEFAULT_PAGE_SIZE, offset: query.offset ?? 0 };
}

export function optionalPageFrom(query: Paging): Page | undefined {
  return query.limit === undefined && query.offset === undefined ? undefined : pageFrom(query);
}
