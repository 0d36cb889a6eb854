import { type Filter, matches, parseFilter } from './filter.ts';
import { isRecord, type Resource } from './patch.ts';

const DEFAULT_COUNT = 100;
const MAX_COUNT = 500;

export interface ListQuery {
  readonly filter?: string | undefined;
  readonly startIndex?: number | undefined;
  readonly count?: number | undefined;
  readonly attributes?: string | undefined;
  readonly excludedAttributes?: string | undefined;
}

export interface ParsedQuery {
  readonly filter: Filter | null;
  /** From 1 (RFC 7644 §3.4.2.4). */
  readonly startIndex: number;
  readonly count: number;
  /** Lower case; null means all. */
  readonly attributes: ReadonlySet<string> | null;
  readonly excluded: ReadonlySet<string>;
}

/** Always there (RFC 7643 §3.1 and RFC 7644 §3.9). */
const ALWAYS = new Set(['schemas', 'id', 'meta']);

/** Top-level names; of a sub-attribute its whole attribute is given. */
const names = (list: string): Set<string> =>
  new Set(
    list
      .toLowerCase()
      .split(',')
      .slice(0, 50)
      .map(
        (name) =>
          name
            .trim()
            .replace(/^urn:.*:/, '')
            .split('.', 1)[0] ?? '',
      )
      .filter((name) => name !== ''),
  );

/** Throws `invalidFilter`; numbers out of range are brought into it, as the RFC says. */
export function parseQuery(query: ListQuery): ParsedQuery {
  return {
    filter: query.filter === undefined || query.filter.trim() === '' ? null : parseFilter(query.filter),
    startIndex: Math.max(1, query.startIndex ?? 1),
    count: Math.min(MAX_COUNT, Math.max(0, query.count ?? DEFAULT_COUNT)),
    attributes: query.attributes ? names(query.attributes) : null,
    excluded: names(query.excludedAttributes ?? ''),
  };
}

/** A resource with the attributes that were asked for. */
export function project(resource: Resource, { attributes, excluded }: ParsedQuery): Resource {
  return Object.fromEntries(
    Object.entries(resource).filter(([key]) => {
      const name = key.toLowerCase();
      return ALWAYS.has(name) || (attributes === null ? !excluded.has(name) : attributes.has(name));
    }),
  );
}

/** One page of the resources that the filter lets through. */
export function listResponse(resources: readonly Resource[], query: ParsedQuery): Resource {
  const { filter, startIndex, count } = query;
  const found = filter === null ? resources : resources.filter((resource) => matches(filter, resource));
  const page = found
    .slice(startIndex - 1, startIndex - 1 + count)
    .map((resource) => project(resource, query));
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: found.length,
    startIndex,
    itemsPerPage: page.length,
    Resources: page.filter(isRecord),
  };
}
