import type { StringValue } from './strings.ts';

const ADDRESS = /[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/gi;
const RECIPIENT_NAME =
  /^(?:to|cc|bcc|recipients?|participants?|invitees?|attendees?|share_?with|email(?:_?address)?|to_?(?:address|email)|user_?email|destination)$/i;
const SENDING_TOOL = /send|mail|invite|share|forward|message|notify|post/i;

export interface Recipient {
  readonly address: string;
  readonly start: number;
  readonly end: number;
}

/** Addresses in the arguments that say whom something goes to. */
export function findRecipients(tool: string, values: readonly StringValue[]): Recipient[] {
  const found: Recipient[] = [];
  for (const value of values) {
    if (!RECIPIENT_NAME.test(value.name) && !(SENDING_TOOL.test(tool) && value.value.length < 320)) continue;
    for (const match of value.value.matchAll(ADDRESS)) {
      const exact = value.value.length === value.end - value.start;
      found.push({
        address: match[0].toLowerCase(),
        start: exact ? value.start + match.index : value.start,
        end: exact ? value.start + match.index + match[0].length : value.end,
      });
    }
  }
  return found;
}

/** `allowed` holds addresses, or domains written `example.com` or `@example.com`. */
export function isAllowedRecipient(address: string, allowed: readonly string[]): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return allowed.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    return wanted.slice(1).includes('@') ? wanted === address : wanted.replace(/^@/, '') === domain;
  });
}
