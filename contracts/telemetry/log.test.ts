import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { logOptions } from './index.ts';

function capture(level: 'debug' | 'warn' = 'debug') {
  const lines: string[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { log: pino(logOptions({ level, role: 'gateway', instance: 'gw-1' }), to), lines };
}

test('a line says when, how grave, who and what, in the same members for every role', () => {
  const { log, lines } = capture();
  log.warn({ requestId: 'req_1', traceId: 'a'.repeat(32) }, 'something happened');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: 'warn',
    role: 'gateway',
    instance: 'gw-1',
    requestId: 'req_1',
    traceId: 'a'.repeat(32),
    msg: 'something happened',
  });
});

test('less grave than the level is not written', () => {
  const { log, lines } = capture('warn');
  log.info('no');
  expect(lines).toEqual([]);
});

test('what names a secret is left out, and so is what an error quotes', () => {
  const { log, lines } = capture();
  log.error(
    {
      authorization: 'Bearer bz_secret',
      config: { internalToken: 'bz_secret', masterHex: 'bz_secret' },
      request: { headers: { cookie: 'bz_secret' }, body: 'bz_secret' },
      err: new Error('Unexpected token in "bz_secret"', {
        cause: new SyntaxError('"bz_secret" is not JSON'),
      }),
    },
    'failed',
  );
  const [line = ''] = lines;
  expect(line).not.toContain('bz_secret');
  expect(JSON.parse(line).err).toMatchObject({ name: 'Error', cause: { name: 'SyntaxError' } });
  expect(JSON.parse(line).err.stack).toContain('log.test.ts');
});
