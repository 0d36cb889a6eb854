import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';

/** What an MLflow server refused or did not answer. `code` is MLflow's; '' where it said none. */
export class MlflowFailure extends Error {
  readonly status: number;
  readonly code: string;
  constructor(message: string, status: number, code: string) {
    super(message);
    this.name = 'MlflowFailure';
    this.status = status;
    this.code = code;
  }
}

export interface MlflowServer {
  /** For people: the address, without credentials. */
  readonly name: string;
  /** A GET below `/api/2.0/mlflow/`, its answer read by `schema`. */
  readonly get: <T>(path: string, query: Query, schema: z.ZodType<T>) => Promise<T>;
  /** A POST below `/api/2.0/mlflow/`; likewise `PATCH`. */
  readonly post: <T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    method?: 'POST' | 'PATCH',
  ) => Promise<T>;
  /** Bytes at an absolute path of the server. Follows no redirect. */
  readonly open: (path: string) => Promise<ReadableStream<Uint8Array>>;
  readonly put: (path: string, body: ReadableStream<Uint8Array>) => Promise<void>;
}
type Query = Readonly<Record<string, string | number | undefined>>;

const API = '/api/2.0/mlflow/';
const ANSWER_MS = 120_000;
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const ATTEMPTS = 4;
const RETRIED = [408, 429, 500, 502, 503, 504];

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new MlflowFailure('the answer is too large', response.status, '');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A server names what went wrong in JSON, or in the words of whatever stands before it. */
async function failureOf(response: Response, where: string): Promise<MlflowFailure> {
  const text = await textOf(response).catch(() => '');
  try {
    const { error_code, message } = JSON.parse(text) as { error_code?: unknown; message?: unknown };
    if (typeof error_code === 'string') {
      return new MlflowFailure(
        `${where}: ${String(message ?? error_code).slice(0, 500)}`,
        response.status,
        error_code,
      );
    }
  } catch {
    // As for JSON that names nothing.
  }
  return new MlflowFailure(`${where}: the server answered ${response.status}`, response.status, '');
}

/** What to check where nothing answers at all; null for every other failure. */
function unreachable(error: unknown, root: string): MlflowFailure | null {
  if (!(error instanceof Error) || !(error.cause instanceof Error) || !('code' in error.cause)) return null;
  const { code } = error.cause;
  if (code !== 'ECONNREFUSED' && code !== 'ENOTFOUND') return null;
  const what = code === 'ENOTFOUND' ? 'there is no host of this name' : 'connection refused';
  return new MlflowFailure(
    `${root}: ${what}; check the address and the port, and that the server runs and can be reached from here`,
    0,
    '',
  );
}

export interface ServerOptions {
  /** Address as MLFLOW_TRACKING_URI has it; a name and password in it are sent as Basic authentication. */
  readonly url: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  /** What to do where it asks for sign-in, in words. */
  readonly signIn?: string;
}

/** An MLflow server over HTTP: bounded answers, retries where they help, credentials to nobody else. */
export function mlflowServer({ url, token, signal, signIn }: ServerOptions): MlflowServer {
  const base = new URL(url);
  const basic = base.username
    ? `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`
    : '';
  base.username = '';
  base.password = '';
  const root = base.href.replace(/[?#].*$/, '').replace(/\/+$/, '');
  const authorization = token
    ? `Bearer ${token}`
    : basic
      ? `Basic ${Buffer.from(basic).toString('base64')}`
      : undefined;
  const headers = { accept: 'application/json', ...(authorization ? { authorization } : {}) };

  async function once(path: string, init: RequestInit, limitMs: number | null): Promise<Response> {
    const limit = limitMs === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    // A redirect would carry credentials and reads to wherever it points.
    const response = await fetch(root + path, { ...init, redirect: 'error', signal: limit });
    if (response.ok) return response;
    const failure = await failureOf(response, `${init.method} ${path.split('?', 1)[0]}`);
    if (failure.status !== 401 || signIn === undefined) throw failure;
    throw new MlflowFailure(`${failure.message}; ${signIn}`, failure.status, failure.code);
  }

  async function retried<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        signal.throwIfAborted();
        const passing = !(error instanceof MlflowFailure) || RETRIED.includes(error.status);
        if (!passing || attempt === ATTEMPTS) throw unreachable(error, root) ?? error;
        await sleep(500 * 2 ** attempt, undefined, { signal });
      }
    }
  }

  const json = <T>(path: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> =>
    retried(async () => {
      const response = await once(path, init, ANSWER_MS);
      const read = schema.safeParse(JSON.parse((await textOf(response)) || '{}'));
      if (read.success) return read.data;
      throw new MlflowFailure(`${path.split('?', 1)[0]}: the answer is not MLflow's`, 422, '');
    });

  return Object.freeze<MlflowServer>({
    name: root,
    get(path, query, schema) {
      const search = new URLSearchParams();
      for (const [key, value] of Object.entries(query))
        if (value !== undefined) search.set(key, String(value));
      return json(`${API}${path}?${search}`, { method: 'GET', headers }, schema);
    },
    post(path, body, schema, method = 'POST') {
      const typed = { ...headers, 'content-type': 'application/json' };
      return json(API + path, { method, headers: typed, body: JSON.stringify(body) }, schema);
    },
    async open(path) {
      const response = await retried(() => once(path, { method: 'GET', headers }, null));
      return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
    },
    async put(path, body) {
      const typed = { ...headers, 'content-type': 'application/octet-stream' };
      const init = { method: 'PUT', headers: typed, body, duplex: 'half' } as RequestInit;
      await (await once(path, init, null)).body?.cancel();
    },
  });
}
