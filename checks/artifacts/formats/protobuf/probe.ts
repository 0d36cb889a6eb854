import type { Probe } from '../../types.ts';
import { type Field, readHeader } from './fields.ts';

export const MOST_PROBED = 64;

/** The first top-level fields whose headers lie in the probe; null where the bytes are no protobuf message. */
export function probeFields({ head, size }: Probe, most = MOST_PROBED): Field[] | null {
  if (isPlainText(head)) return null;
  const fields: Field[] = [];
  let at = 0;
  while (at < head.length && fields.length < most) {
    let field: Field;
    try {
      field = readHeader(head, { at }, 0);
    } catch {
      // A header that is cut by the end of the probe says nothing.
      return size > head.length && at + 20 > head.length ? fields : null;
    }
    fields.push(field);
    at = field.offset + field.length;
  }
  return fields;
}

/** Any message with a text or a small number in it has a tag below 0x20 that no plain text has. */
function isPlainText(head: Uint8Array): boolean {
  return !head.some((byte) => byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
}
