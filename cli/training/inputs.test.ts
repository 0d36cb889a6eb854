import type { Client } from '@bartizan/contracts/client.ts';
import { expect, it } from 'vitest';
import { EXIT } from '../exit.ts';
import { prepareInputs } from './inputs.ts';

const VERSION = {
  dataset: 'loans',
  datasetId: 'd',
  number: 4,
  state: 'ready',
  quarantined: false,
  root: 'ab',
  format: 'csv',
};

it('says of content that breaks off that it may have been altered, and what to do', async () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from('id\n1\n'));
    },
    pull(controller) {
      controller.error(new TypeError('terminated'));
    },
  });
  const api = {
    call: () => Promise.resolve(VERSION),
    stream: () => Promise.resolve(new Response(body)),
  } as unknown as Client;
  const asked = prepareInputs(api, ['loans@4'], { purpose: 'a test', note: () => undefined });
  await expect(asked).rejects.toMatchObject({
    exitCode: EXIT.findings,
    message: expect.stringMatching(
      /loans@4 could not be fetched whole .*may have been altered[^]*bartizan data verify loans@4/,
    ),
  });
});
