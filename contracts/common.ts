import { z } from 'zod';

/** Ids are UUIDv7: sortable by creation time. */
export const Id = z.uuid();
/** Instants cross the wire as milliseconds since the epoch (UTC). */
export const Instant = z.number().int().nonnegative();
/** Short names that appear in URLs, `model` prefixes and CLI arguments. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'use lower-case letters, digits and hyphens, at most 64');

export const CursorQuery = z.object({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** A page of a list; `next` is null on the last page. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

/** The one error shape of the control plane's API. */
export const ApiError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** What the caller can do about it. */
    hint: z.string().optional(),
    requestId: z.string(),
    /** Where in the input, for `invalid_input`. */
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
});
export type ApiError = z.infer<typeof ApiError>;

export const Empty = z.object({});
