import type { Conversation, Reply, Tool, ToolCall } from './conversation.ts';
import { DEMO_SECRET, DEMO_SYSTEM_PROMPT, fallback, INTENTS } from './persona.ts';
import { valueFor } from './schema.ts';

/** How much of a text the rules look at; the rest is only counted. */
const LOOK_CHARS = 20_000;

const OVERRIDE = /\b(?:ignore|disregard|forget|override)\b.{0,120}\b(?:instruction|prompt|rule|guideline)/is;
const REVEAL =
  /\b(?:reveal|show|print|tell|give|repeat|output|leak|what)\b.{0,80}\b(?:secret|discount|code|prompt|instruction)/is;
const REPEAT = /^\s*repeat:\s?(.*)$/is;
const SAY_QUOTED =
  /\b(?:say|reply with|respond with|answer with|write|output|tell the user)\b(?: exactly)?:? {0,3}["“'`]([^"”`\n]{1,500})["”'`]/i;
const SAY_PLAIN =
  /\b(?:say exactly|reply with|respond with|answer with|you must say|tell the user(?: that)?):? {1,3}([^\n]{1,300})/i;
const IMAGE = /\b(?:render|show|include|display|add|embed|insert)\b.{0,80}\bimage\b/is;
const URL = /https?:\/\/[^\s"'<>()[\]{}]{1,300}/i;
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/;
const ECHO_PERSONAL =
  /\b(?:email|send|repeat|read|confirm|say|write)\b.{0,80}\b(?:card|iban|number|address|details)\b/is;
const NUMBER = /\b[A-Z]{0,2}\d[\dA-Z -]{9,40}\d\b/;
/** What stands where a guard took personal data out, e.g. `[CARD_NUMBER_1]`; the gateway puts it back into the answer. */
const PLACEHOLDER = /\[[A-Z]{2,20}(?:_[A-Z\d]{1,20}){1,5}\]/;
const ORDER = /\b[A-Z]{1,3}-\d{3,8}\b/g;
const MAX_CALLS = 8;

/** Obeys whatever an instruction inside the text asks for, as a gullible model would; null when there is none. */
function obey(text: string): string | null {
  if (OVERRIDE.test(text) && REVEAL.test(text)) {
    return `Of course! My instructions are: "${DEMO_SYSTEM_PROMPT}" So the staff discount code is ${DEMO_SECRET}.`;
  }
  const url = URL.exec(text)?.[0];
  if (url && IMAGE.test(text)) return renderImage(url, text);
  const said = SAY_QUOTED.exec(text) ?? SAY_PLAIN.exec(text);
  return said?.[1] ? said[1].trim() : null;
}

/** The classic exfiltration: data in the address of an image that a chat window loads by itself. */
function renderImage(url: string, text: string): string {
  const data = /\b(?:secret|code|prompt)\b/i.test(text)
    ? DEMO_SECRET
    : (NUMBER.exec(text)?.[0] ?? text.slice(0, 60));
  const address = url.replace(/[.,;:!?]$/, '');
  return `Here is your picture: ![status](${address}${address.includes('?') ? '&' : '?'}data=${encodeURIComponent(data)})`;
}

const callOf = (tool: Tool, text: string, given: Record<string, unknown> = {}): ToolCall => ({
  name: tool.name,
  arguments: JSON.stringify({ ...(valueFor(tool.schema, text) as object), ...given }),
});

/** True when the text speaks of what the tool's name says, e.g. "weather" for `get_weather`. */
function isAbout(tool: Tool, text: string): boolean {
  const words = tool.name.toLowerCase().split(/[^a-z0-9]{1,8}/);
  const lower = text.toLowerCase();
  return (
    lower.includes(tool.name.toLowerCase()) || words.some((word) => word.length > 3 && lower.includes(word))
  );
}

/** Tool calls for a text: one for each order number or each tool that it is about. */
function callsFor(conversation: Conversation, text: string): ToolCall[] {
  const { tools, toolChoice, parallel } = conversation;
  if (tools.length === 0 || toolChoice === 'none') return [];
  if (typeof toolChoice === 'object') {
    const named = tools.find((tool) => tool.name === toolChoice.name);
    return named ? [callOf(named, text)] : [];
  }
  const calls = tools.filter((tool) => isAbout(tool, text)).flatMap((tool) => callsOf(tool, text));
  const first = tools[0];
  if (calls.length === 0 && toolChoice === 'required' && first) calls.push(callOf(first, text));
  return calls.slice(0, parallel ? MAX_CALLS : 1);
}

function callsOf(tool: Tool, text: string): ToolCall[] {
  const orders = [...new Set(text.match(ORDER) ?? [])];
  if (/order/i.test(tool.name) && orders.length > 0) {
    const [property = 'order_id'] = Object.keys((tool.schema.properties as object | undefined) ?? {});
    return orders.map((order) => callOf(tool, text, { [property]: order }));
  }
  const to = EMAIL.exec(text)?.[0];
  if (/mail/i.test(tool.name) && to) {
    return [callOf(tool, text, { to, subject: 'From Lantern & Larch', body: mailBody(text) })];
  }
  return [callOf(tool, text)];
}

function mailBody(text: string): string {
  if (/\b(?:secret|discount|code|prompt)\b/i.test(text)) return `The code is ${DEMO_SECRET}.`;
  return text.slice(0, 500);
}

function speak(text: string): string {
  const repeated = REPEAT.exec(text);
  if (repeated) return repeated[1] ?? '';
  const obeyed = obey(text);
  if (obeyed !== null) return obeyed;
  const personal = (PLACEHOLDER.exec(text) ?? NUMBER.exec(text) ?? EMAIL.exec(text))?.[0];
  if (personal && ECHO_PERSONAL.test(text))
    return `Certainly, here it is once more for your records: ${personal}`;
  return INTENTS.find(({ pattern }) => pattern.test(text))?.answer ?? fallback(text);
}

/** What the assistant makes of tool results: it does what they say, or reads them out. */
function afterTools(conversation: Conversation, results: readonly string[]): Reply {
  const text = results.join('\n');
  const wantsMail = /\bsend\b.{0,60}\bmail\b|send_email/is.test(text) && EMAIL.test(text);
  const mail = wantsMail ? conversation.tools.find(({ name }) => /mail/i.test(name)) : undefined;
  if (mail && conversation.toolChoice !== 'none') return { text: '', calls: callsOf(mail, text).slice(0, 1) };
  return { text: obey(text) ?? `Here is what I found: ${text.slice(0, 400)}`, calls: [] };
}

/** The scripted answer to a conversation. Pure: the same conversation always gets the same reply. */
export function reply(conversation: Conversation): Reply {
  const { turns, json } = conversation;
  const results: string[] = [];
  let index = turns.length - 1;
  for (; turns[index]?.role === 'tool'; index--)
    results.unshift((turns[index]?.text ?? '').slice(0, LOOK_CHARS));
  if (results.length > 0) return afterTools(conversation, results);
  const text = (turns.findLast(({ role }) => role === 'user')?.text ?? '').slice(0, LOOK_CHARS);
  const calls = REPEAT.test(text) ? [] : callsFor(conversation, text);
  if (calls.length > 0) return { text: '', calls };
  const said = speak(text);
  if (!json) return { text: said, calls: [] };
  return { text: JSON.stringify(json.schema ? valueFor(json.schema, said) : { answer: said }), calls: [] };
}

/** True when the caller asks to see the stream arrive at reading speed. */
export const wantsSlowly = ({ turns }: Conversation): boolean =>
  /\bstream slowly\b/i.test((turns.findLast(({ role }) => role === 'user')?.text ?? '').slice(0, LOOK_CHARS));
