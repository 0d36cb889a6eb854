import { request } from 'node:http';
import { connect } from 'node:net';

/** Where a server listens. */
export interface Door {
  readonly url: string;
  readonly port: number;
  /** What an honest client sends as Host. */
  readonly host: string;
}

export interface Answer {
  readonly status: number;
  readonly code: string;
  // biome-ignore lint/suspicious/noExplicitAny: attacks look into answers of every shape
  readonly body: ReturnType<typeof JSON.parse>;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Set-Cookie headers. */
  readonly cookies: readonly string[];
  /** What a browser would send next. */
  readonly cookie: string;
}

export interface Ask {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly text?: string;
  readonly type?: string;
  readonly cookie?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

const WAIT_MS = 60_000;

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function toAnswer(status: number, headers: Answer['headers'], text: string): Answer {
  const body = parsed(text) ?? {};
  const cookies = [headers['set-cookie'] ?? []].flat();
  return {
    status,
    code: body.error?.code ?? '',
    body,
    text,
    headers,
    cookies,
    cookie: cookies.map((line) => line.split(';', 1)[0]).join('; '),
  };
}

/** One request on a connection of its own. Sends what it is told, as no browser would. */
export function ask({ port, host }: Door, method: string, path: string, given: Ask): Promise<Answer> {
  const text = given.text ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
  const headers: Record<string, string | string[]> = {
    host,
    ...(text === undefined
      ? {}
      : {
          'content-type': given.type ?? 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        }),
    ...(given.cookie === undefined ? {} : { cookie: given.cookie }),
    ...(given.key === undefined ? {} : { authorization: `Bearer ${given.key}` }),
    ...given.headers,
  };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, agent: false, timeout: WAIT_MS };
    const sent = request(options, (answer) => {
      const chunks: Buffer[] = [];
      const finish = () => {
        resolve(toAnswer(answer.statusCode ?? 0, answer.headers, Buffer.concat(chunks).toString()));
      };
      // A live stream never ends: that it began is answer enough.
      if (answer.headers['content-type']?.startsWith('text/event-stream')) {
        finish();
        sent.destroy();
        return;
      }
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', finish);
      answer.once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
    sent.once('error', reject);
    sent.end(text);
  });
}

/**
 * Sends bytes as they are and gives back what came until the server hung up, or, where it keeps the connection,
 * until it had been quiet for a while after its last answer.
 */
export function send({ port }: Door, bytes: string, quietMs = 1_500): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const done = () => {
      clearTimeout(limit);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString());
    };
    const limit = setTimeout(done, WAIT_MS / 4);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      socket.setTimeout(quietMs);
    });
    socket.once('timeout', done);
    socket.once('end', done);
    socket.once('close', done);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') done();
      else reject(error);
    });
  });
}

/** Status codes of the answers in what {@link send} gave. */
export const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
