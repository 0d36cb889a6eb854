import type { Answer } from './answer.ts';
import { reply, wantsSlowly } from './brain.ts';
import { BadRequest, type Conversation, type Json } from './conversation.ts';
import { inputTokens, limited, newId, outputTokens, piecesOf } from './tokens.ts';

function conversationOf(prompt: unknown): Conversation {
  const text = Array.isArray(prompt) ? prompt.filter((part) => typeof part === 'string').join('\n') : prompt;
  if (typeof text !== 'string') throw new BadRequest("'prompt' must be a text or a list of texts.", 'prompt');
  return { turns: [{ role: 'user', text }], tools: [], toolChoice: 'none', parallel: false, json: null };
}

/** `POST /v1/completions`, the legacy API. */
export function answerCompletions(body: Json, model: string): Answer {
  const conversation = conversationOf(body.prompt);
  const { reply: answer, cut } = limited(reply(conversation), body.max_tokens);
  const prompt = inputTokens(conversation);
  const completion = outputTokens(answer);
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  const base = {
    id: newId('cmpl-'),
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model,
  };
  const finish = cut ? 'length' : 'stop';
  const choice = (text: string, reason: string | null): Json => {
    return { index: 0, text, logprobs: null, finish_reason: reason };
  };
  if (body.stream !== true)
    return { kind: 'whole', body: { ...base, choices: [choice(answer.text, finish)], usage } };

  function* events(): Generator<string> {
    for (const piece of piecesOf(answer.text)) {
      yield `data: ${JSON.stringify({ ...base, choices: [choice(piece, null)] })}\n\n`;
    }
    yield `data: ${JSON.stringify({ ...base, choices: [choice('', finish)], usage })}\n\n`;
    yield 'data: [DONE]\n\n';
  }
  return { kind: 'stream', events: events(), slow: wantsSlowly(conversation) };
}
