import { readText } from '../normalise/index.ts';
import type { Address } from './address.ts';

/** What in an address may be carrying data out, and how sure that is. */
export interface Payload {
  readonly score: number;
  readonly why: string;
}

/** `{{topic}}`, `${data}`, `<summary>`: what templates leave open. */
const SLOT = /\{\{?\s{0,4}[a-z_][\w .-]{1,60}\}?\}|\$\{[^}]{1,60}\}|%7b%7b|<(?!\/)[a-z][\w -]{2,40}>/i;
/** `[USER DATA]`, `=CONVERSATION`: a slot shouted in capitals. */
const SHOUTED =
  /\[[A-Z][A-Z_ -]{3,40}\]|(?<==)[A-Z][A-Z_]{5,40}$|(?<==)(?:CONVERSATION|HISTORY|SECRET|PASSWORD|SUMMARY|DATA|QUERY|PROMPT|TOKEN)\b/;
/** Parameters that carry random values in honest links. */
const TRACKING =
  /^(?:utm_\w+|gclid|fbclid|msclkid|x-amz-[\w-]+|x-goog-[\w-]+|sig|signature|se|sp|sv|sr|token|code|state|id|v|ref|hash|expires|key-pair-id|policy|ei|ved|usg|cid|hl)$/i;

/** Shannon entropy in bits a character. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return text;
  }
}

function hidesText(value: string): boolean {
  return readText(value).layers.some((layer) => layer.how.some((how) => how === 'base64' || how === 'hex'));
}

function isRandom(value: string): boolean {
  return (
    value.length >= 32 && /^[A-Za-z0-9+/_=.~-]+$/.test(value) && /\d/.test(value) && entropyBits(value) >= 4
  );
}

/** A value that reads as running text: words with blanks between them. */
function countWords(value: string): number {
  return (value.match(/[\p{L}']{2,30}(?=[\s_,.;:!?]|$)/gu) ?? []).length;
}

interface Field {
  readonly name: string;
  readonly value: string;
  readonly where: 'query' | 'path' | 'host';
}

function fieldsOf(address: Address): Field[] {
  const fields: Field[] = [];
  for (const pair of address.query.split(/[&;#]/).slice(0, 64)) {
    const at = pair.indexOf('=');
    fields.push({
      name: at < 0 ? '' : pair.slice(0, at),
      value: at < 0 ? pair : pair.slice(at + 1),
      where: 'query',
    });
  }
  for (const part of address.path.split('/').slice(0, 32))
    fields.push({ name: '', value: part, where: 'path' });
  const labels = address.host.split('.').slice(0, -2);
  for (const value of labels) fields.push({ name: '', value, where: 'host' });
  return fields.filter((field) => field.value.length >= 6);
}

function judgeField({ name, value, where }: Field): Payload | null {
  const plain = decodeSafely(value);
  if (where === 'host') {
    if (hidesText(value)) return { score: 0.9, why: 'a host name that holds encoded text' };
    return value.length >= 40 && entropyBits(value) >= 3.5
      ? { score: 0.6, why: 'a very long random host name' }
      : null;
  }
  if (hidesText(plain)) return { score: 0.9, why: `encoded text in its ${where}` };
  const words = countWords(plain.replace(/[_-]/g, where === 'path' ? '-' : ' '));
  if (where === 'query' && /[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{2,63}/.test(plain)) {
    return { score: 0.6, why: 'an e-mail address in its query' };
  }
  if (where === 'query' && words >= 9) return { score: 0.6, why: 'whole sentences in its query' };
  if (where === 'query' && /\b\d{3}-\d{2}-\d{4}\b|(?:\d[ -]?){13,19}/.test(plain)) {
    return { score: 0.65, why: 'an identity or card number in its query' };
  }
  if (isRandom(plain))
    return { score: TRACKING.test(name) ? 0.2 : 0.4, why: `a long random value in its ${where}` };
  return plain.length > 300 ? { score: 0.45, why: `a very long ${where}` } : null;
}

function containsSecret(url: string, secrets: readonly string[]): boolean {
  if (secrets.length === 0) return false;
  const readings = readText(decodeSafely(url)).layers.map((layer) => layer.text.toLowerCase());
  return secrets.some(
    (secret) => secret.length >= 4 && readings.some((reading) => reading.includes(secret.toLowerCase())),
  );
}

/** The strongest sign that an address carries data; null when it looks like any other. */
export function findPayload(url: string, address: Address, secrets: readonly string[]): Payload | null {
  if (containsSecret(url, secrets)) return { score: 0.99, why: 'a secret of this system' };
  const place = `${address.path}?${address.query}`;
  if (SLOT.test(place) || SHOUTED.test(place)) {
    return { score: 0.75, why: 'a slot to be filled with data' };
  }
  let strongest: Payload | null = null;
  for (const field of fieldsOf(address)) {
    const found = judgeField(field);
    if (found !== null && found.score > (strongest?.score ?? 0)) strongest = found;
  }
  return strongest;
}
