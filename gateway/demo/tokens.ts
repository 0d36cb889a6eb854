import { randomBytes } from 'node:crypto';
import type { Conversation, Reply } from './conversation.ts';

/** About four characters make a token in English; good enough for a bot that has no tokenizer. */
export const tokensIn = (text: string): number => Math.ceil(text.length / 4);

export const inputTokens = ({ turns, tools }: Conversation): number =>
  turns.reduce((sum, turn) => sum + tokensIn(turn.text) + 3, 3) +
  tools.reduce(
    (sum, tool) => sum + tokensIn(JSON.stringify(tool.schema)) + tokensIn(tool.description) + 4,
    0,
  );

export const outputTokens = ({ text, calls }: Reply): number =>
  tokensIn(text) + calls.reduce((sum, call) => sum + tokensIn(call.name) + tokensIn(call.arguments), 0);

/** Text in pieces of a word or two, as a model would stream it. They join to the whole. */
export function piecesOf(text: string): string[] {
  return text.match(/\s{0,16}\S{1,16}|\s{1,16}/gu) ?? [];
}

/** An id in the manner of the APIs: a prefix and random letters. */
export const newId = (prefix: string): string =>
  prefix + randomBytes(18).toString('base64url').replace(/[-_]/g, 'x');

/** Cuts a reply to `limit` tokens; tells whether it did. */
export function limited(answer: Reply, limit: unknown): { readonly reply: Reply; readonly cut: boolean } {
  if (typeof limit !== 'number' || !(limit > 0) || answer.calls.length > 0)
    return { reply: answer, cut: false };
  const longest = Math.floor(limit) * 4;
  if (answer.text.length <= longest) return { reply: answer, cut: false };
  return { reply: { text: answer.text.slice(0, longest), calls: [] }, cut: true };
}
