import type { MessagePort } from 'node:worker_threads';
import type { Asking, Encoder, EncoderLoad } from './contract.ts';
import type { Refusal } from './refused.ts';
import { EncoderRefused } from './refused.ts';

type Question =
  | { readonly id: number; readonly texts: readonly string[]; readonly client: string | undefined }
  | { readonly id: number; readonly abandoned: true };

type Answer =
  | { readonly id: number; readonly values: Float32Array }
  | { readonly id: number; readonly refusal: Refusal; readonly message: string };

/** Lets another thread ask this one's encoder through a port, until the port closes. */
export function serveEncoder(port: MessagePort, encoder: Pick<Encoder, 'score'>): void {
  const open = new Map<number, AbortController>();
  port.on('message', async (question: Question) => {
    const { id } = question;
    if ('abandoned' in question) {
      open.get(id)?.abort();
      return;
    }
    const controller = new AbortController();
    open.set(id, controller);
    let answer: Answer;
    try {
      const { texts, client } = question;
      answer = { id, values: await encoder.score(texts, { client, signal: controller.signal }) };
    } catch (error) {
      const refused = error instanceof EncoderRefused;
      answer = { id, refusal: refused ? error.refusal : 'crashed', message: (error as Error).message };
    }
    open.delete(id);
    port.postMessage(answer);
  });
  // A thread that is ended asks no more: what it waited for need not be worked out.
  port.on('close', () => {
    for (const controller of open.values()) controller.abort();
  });
  port.unref();
}

interface Waiting {
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** The encoder at the other end of a port. It starts, limits and closes with the thread that has it. */
export function encoderOver(port: MessagePort): Encoder {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let closed = false;
  const settle = (id: number, then: (one: Waiting) => void): void => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) port.unref();
    if (one !== undefined) then(one);
  };
  port.on('message', (answer: Answer) =>
    settle(answer.id, ({ resolve, reject }) =>
      'values' in answer
        ? resolve(answer.values)
        : reject(new EncoderRefused(answer.refusal, answer.message)),
    ),
  );
  port.on('close', () => {
    closed = true;
    for (const id of waiting.keys())
      settle(id, ({ reject }) => reject(new EncoderRefused('closed', 'the encoder is closed')));
  });
  port.unref();

  function score(texts: readonly string[], asking: Asking = {}): Promise<Float32Array> {
    const { signal, client } = asking;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (closed) return Promise.reject(new EncoderRefused('closed', 'the encoder is closed'));
    last += 1;
    const id = last;
    const onAbort = (): void =>
      settle(id, ({ reject }) => {
        port.postMessage({ id, abandoned: true } satisfies Question);
        reject(signal?.reason);
      });
    signal?.addEventListener('abort', onAbort, { once: true });
    return new Promise<Float32Array>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      port.ref();
      port.postMessage({ id, texts, client } satisfies Question);
    }).finally(() => signal?.removeEventListener('abort', onAbort));
  }

  return Object.freeze({
    score,
    warm: async () => void (await score(['hello'])),
    load: (): EncoderLoad => ({ waiting: waiting.size, ready: !closed }),
    close: () => {
      port.close();
      return Promise.resolve();
    },
  });
}
