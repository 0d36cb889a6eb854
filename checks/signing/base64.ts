import { SignatureError } from './error.ts';

/** Strict base64 (RFC 4648 §4, with padding): what decodes must encode to the same text. `what` names it in errors. */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text.length % 4 !== 0 || bytes.toString('base64') !== text)
    throw new SignatureError('malformed', `${what} is not base64`);
  return bytes;
}
