import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { AppError } from '../../../../kernel/error.ts';

/** Which page of which question: a token of another question, or one that somebody wrote, is refused. */
export interface PageTokens {
  /** Where the page begins that `token` names; 0 without one. `question` is anything that JSON can say. */
  readonly offset: (token: string | undefined, question: unknown) => number;
  readonly token: (offset: number, question: unknown) => string;
}

const MAC_BYTES = 16;
const OFFSET_BYTES = 6;

export function createPageTokens(masterKey: MasterKey): PageTokens {
  const key = Buffer.from(hkdfSync('sha256', masterKey.bytes, '', 'bartizan registry page tokens v1', 32));
  const mac = (offset: Buffer, question: unknown): Buffer =>
    createHmac('sha256', key)
      .update(offset)
      .update(createHash('sha256').update(JSON.stringify(question)).digest())
      .digest()
      .subarray(0, MAC_BYTES);

  return Object.freeze({
    offset(token: string | undefined, question: unknown) {
      if (token === undefined || token === '') return 0;
      const bytes = Buffer.from(token, 'base64url');
      const offset = bytes.subarray(0, OFFSET_BYTES);
      const good =
        bytes.length === OFFSET_BYTES + MAC_BYTES &&
        timingSafeEqual(bytes.subarray(OFFSET_BYTES), mac(offset, question));
      if (good) return offset.readUIntBE(0, OFFSET_BYTES);
      throw new AppError('invalid_input', 'Invalid page token: it belongs to another search', {
        hint: 'Ask for the first page again, without a token.',
      });
    },
    token(offset: number, question: unknown) {
      const bytes = Buffer.alloc(OFFSET_BYTES);
      bytes.writeUIntBE(offset, 0, OFFSET_BYTES);
      return Buffer.concat([bytes, mac(bytes, question)]).toString('base64url');
    },
  });
}
