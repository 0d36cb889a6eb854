import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { defineRoute } from '@bartizan/contracts';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import { createHttpServer, type HttpServer, implement, type Principal } from './index.ts';

const engineer: Principal = {
  kind: 'key',
  id: 'k1',
  name: 'Pipeline',
  roles: [],
  teams: '*',
  permissions: new Set(['models.write']),
};
const outcomes: string[] = [];
const put = (id: string, extra: object = {}) =>
  defineRoute({
    id,
    method: 'PUT',
    path: `/api/v1/${id}/*`,
    summary: id,
    access: 'models.write',
    receives: 'application/octet-stream',
    params: z.object({ '*': z.string() }),
    response: z.object({ path: z.string(), bytes: z.number(), sha256: z.string() }),
    ...extra,
  });

const store = (contract: ReturnType<typeof put>) =>
  implement(contract, async ({ params }, { body }) => {
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        bytes += chunk.byteLength;
      }
    } catch (error) {
      outcomes.push((error as AppError).code);
      throw error;
    }
    outcomes.push('stored');
    return { path: params['*'], bytes, sha256: hash.digest('hex') };
  });

let server: HttpServer;
let url = '';
beforeAll(async () => {
  server = await createHttpServer({
    implementations: [
      store(put('files')),
      store(put('small', { bodyLimitBytes: 1000, errors: 'mlflow' })),
      implement(put('never', { errors: 'mlflow' }), async () => {
        throw new AppError('conflict', 'that is there already');
      }),
    ],
    authenticate: async ({ header }) => (header('authorization') === 'Bearer key' ? engineer : null),
    config: { publicUrl: null, trustedProxies: [] },
    logger: pino({ level: 'silent' }),
    consoleDir: null,
    ready: async () => undefined,
    version: '0',
  });
  ({ url } = await server.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(() => server.close());

const send = (
  path: string,
  body: Uint8Array<ArrayBuffer> | ReadableStream,
  headers: Record<string, string> = {},
) =>
  fetch(url + path, {
    method: 'PUT',
    body,
    headers: { authorization: 'Bearer key', ...headers },
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });

test('bytes of any media type arrive as they are, JSON too', async () => {
  for (const type of [
    'application/octet-stream',
    'application/json',
    'text/plain',
    'application/x-unheard-of; a=b',
  ]) {
    const bytes = Buffer.from('{"not": "parsed"');
    const response = await send('/api/v1/files/a/b.json', bytes, { 'content-type': type });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      path: 'a/b.json',
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  }
});

test('an empty body and one without a length arrive too', async () => {
  expect(await (await send('/api/v1/files/empty', new Uint8Array())).json()).toMatchObject({ bytes: 0 });
  const chunks = new ReadableStream({
    start(controller) {
      for (let index = 0; index < 50; index++) controller.enqueue(new Uint8Array(100_000));
      controller.close();
    },
  });
  expect(await (await send('/api/v1/files/chunked', chunks)).json()).toMatchObject({ bytes: 5_000_000 });
});

test('more than the limit is refused, announced or not, in the form that the route’s clients know', async () => {
  const announced = await send('/api/v1/small/x', new Uint8Array(1001));
  expect(announced.status).toBe(413);
  expect(await announced.json()).toMatchObject({ error_code: 'INVALID_PARAMETER_VALUE' });
  const chunks = new ReadableStream({
    start(controller) {
      for (let index = 0; index < 3; index++) controller.enqueue(new Uint8Array(500));
      controller.close();
    },
  });
  expect((await send('/api/v1/small/x', chunks)).status).toBe(413);
});

test('a handler that never reads still answers, and so does the door', async () => {
  const refused = await send('/api/v1/never/x', new Uint8Array(100_000));
  expect([refused.status, await refused.json()]).toEqual([
    409,
    { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'that is there already' },
  ]);
  const stranger = await send('/api/v1/files/x', new Uint8Array(100), { authorization: 'Bearer other' });
  expect(stranger.status).toBe(401);
});

test('a client that leaves in the middle has not uploaded', async () => {
  outcomes.length = 0;
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    `PUT /api/v1/files/cut HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer key\r\ncontent-length: 1000\r\n\r\n`,
  );
  socket.write(Buffer.alloc(500));
  await expect.poll(() => socket.bytesWritten).toBeGreaterThan(500);
  socket.destroy();
  await expect.poll(() => outcomes, { timeout: 30_000 }).toEqual(['invalid_input']);
});
