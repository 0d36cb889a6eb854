/** The part of a representation that a client asks for: bytes from `start` up to, not including, `end`. */
export type Asked =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'beyond' };

const WHOLE: Asked = Object.freeze({ kind: 'whole' });

/**
 * What a Range header asks for (RFC 9110, section 14.2). Several ranges at once, other units and what cannot be
 * read are answered with the whole, as the RFC allows.
 */
export function askedRange(header: string | undefined, size: number): Asked {
  const match = /^bytes=[ \t]*(\d{0,16})-(\d{0,16})[ \t]*$/.exec(header ?? '');
  if (!match) return WHOLE;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return WHOLE;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? { kind: 'beyond' } : { kind: 'part', start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return WHOLE;
  return start >= size ? { kind: 'beyond' } : { kind: 'part', start, end };
}

/** Whether one of the entity tags of an If-None-Match or If-Range header is this strong one. */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}
