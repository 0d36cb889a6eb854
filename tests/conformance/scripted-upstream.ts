import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cutAt, type Script, STREAM_APIS } from '../../gateway/stream/testing.ts';

/**
 * A model provider that does what it is told, on every API and streamed or not. Commands in the last message:
 * `SAY: x` answers x, `CALL: x` calls the tool `lookup` with `{"q":"x"}`, `STATUS: n` fails with n, `HANG`
 * never answers, `STALL` begins and stops, `RESET` begins and resets. Anything else is repeated.
 */
export interface ScriptedUpstream {
  readonly url: string;
  /** Bodies as they arrived, newest last. */
  readonly received: {
    readonly path: string;
    readonly body: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  readonly close: () => Promise<void>;
}

type Json = Record<string, unknown>;

const partText = (part: unknown): string => {
  if (typeof part === 'string') return part;
  const { text, content, output } = part as Json;
  return typeof text === 'string' ? text : contentText(content ?? output);
};
const contentText = (content: unknown): string =>
  Array.isArray(content) ? content.map(partText).join(' ') : typeof content === 'string' ? content : '';

/** The text of the last message, whatever API. */
function lastText(body: Json): string {
  if (typeof body.prompt === 'string') return body.prompt;
  if (typeof body.input === 'string') return body.input;
  const list = (body.messages ?? body.input) as Json[];
  const last = list.at(-1) ?? {};
  return contentText(last.content ?? last.output);
}

function scriptFor(text: string): Script {
  const say = /SAY: ([\s\S]*)/.exec(text)?.[1];
  const call = /CALL: ([\s\S]*)/.exec(text)?.[1];
  if (call !== undefined) {
    const args = JSON.stringify({ q: call });
    return { text: ['Let me look. '], toolArguments: cutAt(args, [4, 9, 14, 19]) };
  }
  return { text: cutAt(say ?? `You said: ${text}`, [3, 7, 12, 17, 22, 30, 41]) };
}

function whole(path: string, script: Script): Json {
  const text = script.text.join('');
  const args = script.toolArguments?.join('');
  const usage = { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 };
  if (path === '/chat/completions') {
    const tool_calls = [{ id: 't1', type: 'function', function: { name: 'lookup', arguments: args } }];
    const message = {
      role: 'assistant',
      content: text,
      refusal: null,
      ...(args === undefined ? {} : { tool_calls }),
    };
    const choice = {
      index: 0,
      message,
      logprobs: null,
      finish_reason: args === undefined ? 'stop' : 'tool_calls',
    };
    return { id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage };
  }
  if (path === '/completions') {
    const choice = { index: 0, text, logprobs: null, finish_reason: 'stop' };
    return { id: 'c1', object: 'text_completion', created: 1, model: 'm', choices: [choice], usage };
  }
  if (path === '/messages') {
    const content: Json[] = [{ type: 'text', text }];
    if (args !== undefined)
      content.push({ type: 'tool_use', id: 't1', name: 'lookup', input: JSON.parse(args) });
    const stop_reason = args === undefined ? 'end_turn' : 'tool_use';
    return {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content,
      stop_reason,
      stop_sequence: null,
      usage: { input_tokens: 4, output_tokens: 6 },
    };
  }
  const part = { type: 'output_text', text, annotations: [] };
  const output: Json[] = [
    { id: 'm1', type: 'message', role: 'assistant', status: 'completed', content: [part] },
  ];
  if (args !== undefined)
    output.push({
      id: 'f1',
      type: 'function_call',
      call_id: 'c1',
      name: 'lookup',
      arguments: args,
      status: 'completed',
    });
  return {
    id: 'r1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm',
    output,
    usage: { input_tokens: 4, output_tokens: 6, total_tokens: 10 },
  };
}

function sendJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(value));
}

async function answer(path: string, body: Json, res: ServerResponse): Promise<void> {
  if (path === '/embeddings') {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5, -0.25] }];
    sendJson(res, 200, { object: 'list', data, model: 'm', usage: { prompt_tokens: 3, total_tokens: 3 } });
    return;
  }
  if (path === '/messages/count_tokens') {
    sendJson(res, 200, { input_tokens: 42 });
    return;
  }
  const text = lastText(body);
  const status = /STATUS: (\d{3})/.exec(text)?.[1];
  if (status !== undefined) {
    const error = {
      message: `failed with sk-upstream-0123456789`,
      type: 'some_error',
      param: 'model',
      code: 'some_code',
    };
    sendJson(res, Number(status), { error }, { 'retry-after': '3' });
    return;
  }
  if (text.includes('HANG')) return;
  const script = scriptFor(text);
  if (body.stream !== true) {
    sendJson(res, 200, whole(path, script));
    return;
  }
  const api = STREAM_APIS.find(([, each]) => each.path === `/v1${path}`)?.[1];
  const events = api?.events(script) ?? [];
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  const breaks = text.includes('STALL') || text.includes('RESET');
  for (const event of breaks ? events.slice(0, 3) : events) {
    res.write(event);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (text.includes('RESET')) res.destroy();
  else if (!breaks) res.end();
}

export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const received: ScriptedUpstream['received'] = [];
  const server: Server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const path = (req.url ?? '').replace(/^\/v1/, '').replace(/\?.*$/, '');
      received.push({ path, body, headers: req.headers });
      if (path === '/models') sendJson(res, 200, { object: 'list', data: [{ id: 'm', object: 'model' }] });
      else void answer(path, JSON.parse(body) as Json, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
