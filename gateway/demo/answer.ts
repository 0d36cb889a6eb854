import type { Json } from './conversation.ts';

/** An answer ready for the wire: a JSON body, or server-sent events as they are written. */
export type Answer =
  | { readonly kind: 'whole'; readonly body: Json }
  | { readonly kind: 'stream'; readonly events: Iterable<string>; readonly slow: boolean };

/** A server-sent event with a name, as the responses and messages APIs have them. */
export const namedEvent = (data: Json & { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
