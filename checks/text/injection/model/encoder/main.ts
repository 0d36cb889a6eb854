import { readVerified, readVocabulary } from '../load.ts';
import { InjectionModelError } from '../manifest.ts';
import type { EncoderReply, EncoderRequest, OpenRequest } from './protocol.ts';
import type { EncoderSession } from './session.ts';
import { openSession } from './session.ts';

/**
 * The process that runs the encoder, one batch at a time: the library blocks the thread that it runs on, and a text that
 * brought it down takes nothing else with it. It ends when its parent does.
 */
let session: Promise<EncoderSession> | null = null;

function reply(message: EncoderReply): void {
  if (process.connected) process.send?.(message);
}

async function open(request: OpenRequest): Promise<EncoderSession> {
  const { encoder, upper, vocabulary, tokens, exit } = request;
  const ort = await import('onnxruntime-node').catch((cause: unknown) => {
    throw new InjectionModelError(
      `onnxruntime-node does not run here (${process.platform} ${process.arch}): ${(cause as Error).message}`,
      { cause },
    );
  });
  const tokenizer = readVocabulary(readVerified(vocabulary.path, vocabulary));
  return openSession(ort, {
    encoder: readVerified(encoder.path, encoder),
    upper: readVerified(upper.path, upper),
    tokenizer,
    tokens,
    exit,
  });
}

async function score(id: number, texts: readonly string[]): Promise<EncoderReply> {
  try {
    if (session === null) throw new Error('nothing is open');
    const began = performance.now();
    const scores = await (await session).score(texts);
    return { type: 'scores', id, ...scores, ms: performance.now() - began };
  } catch (error) {
    return { type: 'failed', id, message: (error as Error).name };
  }
}

process.on('message', async (request: EncoderRequest) => {
  if (request.type === 'score') {
    reply(await score(request.id, request.texts));
    return;
  }
  session = open(request);
  try {
    await session;
    reply({ type: 'ready' });
  } catch (error) {
    reply({ type: 'unusable', message: (error as Error).message });
  }
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when its encoder ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
