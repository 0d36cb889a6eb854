import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SOON } from '../harness.ts';
import type { StoredTarget } from '../model.ts';
import { type Certificate, httpReceiver, makeCertificate, syslogReceiver } from '../testing.ts';
import { createFileTransport } from './file.ts';
import { retryAfterMs } from './http.ts';
import { createHttpsTransport } from './https.ts';
import { createSplunkTransport, eventUrl } from './splunk.ts';
import { createSyslogTransport } from './syslog.ts';
import type { Rendered, Transport } from './transport.ts';

let certificate: Certificate;
const ends: (() => Promise<unknown> | unknown)[] = [];
beforeAll(() => {
  certificate = makeCertificate();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const later = <T extends { close: () => Promise<unknown> }>(one: T): T => {
  ends.push(one.close);
  return one;
};
const signal = () => AbortSignal.timeout(20_000);
const batchOf = (texts: readonly string[]): Rendered[] =>
  texts.map((text) => ({
    text,
    event: {
      kind: 'audit',
      uid: text,
      at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      subjectId: 'x',
      severity: 'high',
      entry: { actorKind: '', actorId: '', actorName: '', action: '', subject: '', detail: {} },
    },
  }));

type Of<Type> = Extract<StoredTarget, { type: Type }>;
const network = () => ({
  allowPrivateNetwork: true,
  allowPlaintext: false,
  ca: certificate.ca,
  clientCertificate: null,
});
const https = (port: number, fields: Partial<Of<'https'>> = {}): Of<'https'> => ({
  type: 'https',
  url: `https://127.0.0.1:${port}/in`,
  format: 'ocsf',
  body: 'json-array',
  compress: false,
  auth: 'none',
  username: '',
  headers: [],
  ...network(),
  ...fields,
});
const syslog = (port: number, fields: Partial<Of<'syslog'>> = {}): Of<'syslog'> => ({
  type: 'syslog',
  host: '127.0.0.1',
  port,
  protocol: 'tls',
  format: 'cef',
  facility: 13,
  appName: 'bartizan',
  serverName: '',
  ...network(),
  ...fields,
});
const splunk = (port: number, fields: Partial<Of<'splunk-hec'>> = {}): Of<'splunk-hec'> => ({
  type: 'splunk-hec',
  url: `https://127.0.0.1:${port}`,
  format: 'ocsf',
  index: 'main',
  source: 'bartizan',
  sourcetype: 'bartizan:ocsf',
  ack: false,
  compress: false,
  ...network(),
  ...fields,
});

describe('https', () => {
  test('with a client certificate, where the receiver asks for one', async () => {
    const receiver = later(
      await httpReceiver(certificate, () => ({ status: 204 }), { clientCa: certificate.ca }),
    );
    const { cert, key } = certificate;
    const without = later(createHttpsTransport(https(receiver.port), {}, 5_000));
    expect(await without.deliver(batchOf(['1']), signal())).toMatchObject({ kind: 'failed' });
    const target = https(receiver.port, { clientCertificate: cert });
    const withOne = later(createHttpsTransport(target, { clientKey: key }, 5_000));
    expect(await withOne.deliver(batchOf(['1', '2']), signal())).toMatchObject({
      kind: 'delivered',
      status: 204,
    });
    expect(receiver.requests.at(-1)?.body).toBe('[1,2]');
  });

  test('not to a receiver that nobody vouches for, nor one with another name', async () => {
    const receiver = later(await httpReceiver(certificate, () => ({ status: 200 })));
    const unknown = later(createHttpsTransport(https(receiver.port, { ca: null }), {}, 5_000));
    const outcome = await unknown.deliver(batchOf(['1']), signal());
    expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining('certificate') });
    expect(receiver.requests).toEqual([]);
  });

  test('not past the guard, whatever was stored', async () => {
    const receiver = later(await httpReceiver(certificate, () => ({ status: 200 })));
    for (const fields of [
      { allowPrivateNetwork: false },
      { allowPrivateNetwork: false, url: `https://localhost:${receiver.port}/` },
      { url: `http://127.0.0.1:${receiver.port}/` },
      { url: 'https://169.254.169.254/latest' },
      { url: 'https://[fd00:ec2::254]/' },
    ]) {
      const one = later(createHttpsTransport(https(receiver.port, fields), {}, 5_000));
      expect(await one.deliver(batchOf(['1']), signal())).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('refused'),
      });
    }
    expect(receiver.requests).toEqual([]);
  });

  test('does not follow a redirect, and reads no endless answer', async () => {
    const elsewhere = later(await httpReceiver(certificate, () => ({ status: 200 })));
    const receiver = later(
      await httpReceiver(certificate, () => ({
        status: 307,
        headers: { location: `https://127.0.0.1:${elsewhere.port}/` },
        body: `\x1b[2J${'x'.repeat(1_000_000)}`,
      })),
    );
    const one = later(createHttpsTransport(https(receiver.port), {}, 5_000));
    const outcome = await one.deliver(batchOf(['1']), signal());
    expect(outcome).toMatchObject({ kind: 'failed', status: 307 });
    expect(outcome.answer.length).toBeLessThanOrEqual(500);
    expect(outcome.answer).not.toContain('\x1b');
    expect(elsewhere.requests).toEqual([]);
  });

  test.each([
    ['120', 120_000],
    ['0', 0],
    [' 5 ', 5_000],
    ['999999999', 3_600_000],
    ['Thu, 01 Jan 1970 00:00:30 GMT', 20_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', null],
    ['-5', null],
    [undefined, null],
  ])('Retry-After: %s', (header, ms) => {
    const read = retryAfterMs(header, 10_000);
    if (header === '-5') expect(read === null || read >= 0).toBe(true);
    else expect(read).toBe(ms);
  });
});

describe('splunk', () => {
  test('has the shape of the event collector', async () => {
    const receiver = later(
      await httpReceiver(certificate, () => ({ status: 200, body: '{"text":"Success","code":0}' })),
    );
    const one = later(createSplunkTransport(splunk(receiver.port), { token: 'abc-123' }, 5_000));
    expect(await one.deliver(batchOf(['{"a":1}', '{"a":2}']), signal())).toMatchObject({ kind: 'delivered' });
    const [request] = receiver.requests;
    expect(request?.path).toBe('/services/collector/event');
    expect(request?.headers.authorization).toBe('Splunk abc-123');
    const events = (request?.body ?? '').split('\n').map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      {
        time: 1767323045.678,
        event: { a: 1 },
        index: 'main',
        source: 'bartizan',
        sourcetype: 'bartizan:ocsf',
      },
      { event: { a: 2 } },
    ]);
  });

  test('waits for the indexer where asked to', async () => {
    let asked = 0;
    const receiver = later(
      await httpReceiver(certificate, ({ path }) => {
        if (!path.includes('/ack')) return { status: 200, body: '{"text":"Success","code":0,"ackId":7}' };
        asked += 1;
        return { status: 200, body: JSON.stringify({ acks: { 7: asked > 1 } }) };
      }),
    );
    const one = later(createSplunkTransport(splunk(receiver.port, { ack: true }), { token: 't' }, 10_000));
    expect(await one.deliver(batchOf(['{}']), signal())).toMatchObject({ kind: 'delivered' });
    expect(asked).toBe(2);
    const channels = new Set(receiver.requests.map(({ headers }) => headers['x-splunk-request-channel']));
    expect(channels.size).toBe(1);
    expect(receiver.requests.at(-1)?.path).toBe(`/services/collector/ack?channel=${[...channels][0]}`);
  });

  test('is not taken at its word when no acknowledgement comes', async () => {
    const never = later(
      await httpReceiver(certificate, ({ path }) => ({
        status: 200,
        body: path.includes('/ack') ? '{"acks":{"7":false}}' : '{"code":0,"ackId":7}',
      })),
    );
    const one = later(createSplunkTransport(splunk(never.port, { ack: true }), { token: 't' }, 1_200));
    expect(await one.deliver(batchOf(['{}']), signal())).toMatchObject({ kind: 'failed' });
    const without = later(await httpReceiver(certificate, () => ({ status: 200, body: '{"code":0}' })));
    const two = later(createSplunkTransport(splunk(without.port, { ack: true }), { token: 't' }, 1_200));
    expect(await two.deliver(batchOf(['{}']), signal())).toMatchObject({ kind: 'failed' });
  });

  test.each([
    [400, 6, 'refused'],
    [400, 12, 'refused'],
    [400, 7, 'failed'],
    [403, 4, 'failed'],
    [503, 9, 'failed'],
  ])('status %i with code %i counts as %s', async (status, code, kind) => {
    const receiver = later(
      await httpReceiver(certificate, () => ({ status, body: JSON.stringify({ code }) })),
    );
    const one = later(createSplunkTransport(splunk(receiver.port), { token: 't' }, 5_000));
    expect(await one.deliver(batchOf(['{}']), signal())).toMatchObject({ kind, status });
  });

  test('an address with a path keeps it', () => {
    expect(eventUrl('https://s:8088').pathname).toBe('/services/collector/event');
    expect(eventUrl('https://s:8088/custom/event').pathname).toBe('/custom/event');
  });
});

describe('syslog', () => {
  const many = Array.from(
    { length: 1_500 },
    (_, index) => `CEF:0|Bartizan|x|1|${index}|${'ü'.repeat(index % 300)}|3|`,
  );

  test.each([['tls' as const], ['tcp' as const]])('over %s every message arrives whole', async (protocol) => {
    const receiver = later(await syslogReceiver(protocol === 'tls' ? certificate : null));
    const one = later(
      createSyslogTransport(syslog(receiver.port, { protocol, allowPlaintext: true }), {}, 15_000),
    );
    expect(await one.deliver(batchOf(many), signal())).toMatchObject({ kind: 'delivered' });
    await expect.poll(() => receiver.messages.length, SOON).toBe(many.length);
    expect(receiver.errors).toEqual([]);
    expect(receiver.messages.map((message) => message.slice(message.indexOf('CEF:')))).toEqual(many);
    expect(receiver.messages[0]).toMatch(/^<107>1 2026-01-02T03:04:05\.678Z \S+ bartizan - audit - CEF:0/);
  });

  test('over TLS only to the name that is meant', async () => {
    const receiver = later(await syslogReceiver(certificate));
    for (const [serverName, ca, kind] of [
      ['', certificate.ca, 'delivered'],
      ['localhost', certificate.ca, 'delivered'],
      ['siem.example.com', certificate.ca, 'failed'],
      ['', null, 'failed'],
    ] as const) {
      const one = later(createSyslogTransport(syslog(receiver.port, { serverName, ca }), {}, 5_000));
      expect([serverName, ca === null, (await one.deliver(batchOf(['x']), signal())).kind]).toEqual([
        serverName,
        ca === null,
        kind,
      ]);
    }
  });

  test('a receiver that goes away in the middle, or hangs, has not taken the batch', async () => {
    const cut = later(await syslogReceiver(certificate));
    const one = later(createSyslogTransport(syslog(cut.port), {}, 5_000));
    await cut.close();
    ends.length = 0;
    expect(await one.deliver(batchOf(many), signal())).toMatchObject({ kind: 'failed' });
    const { createServer } = await import('node:net');
    const hanging = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    ends.push(() => void hanging.close());
    const sockets: { destroy: () => void }[] = [];
    hanging.on('connection', (socket) => void sockets.push(socket));
    ends.push(() => sockets.forEach((socket) => socket.destroy()));
    const { port } = hanging.address() as AddressInfo;
    const two = later(
      createSyslogTransport(syslog(port, { protocol: 'tcp', allowPlaintext: true }), {}, 1_000),
    );
    expect(await two.deliver(batchOf(['x']), signal())).toMatchObject({ kind: 'failed' });
  });

  test('over UDP, a datagram a message', async () => {
    const socket = createSocket('udp4');
    const got: string[] = [];
    socket.on('message', (message) => void got.push(message.toString()));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    ends.push(() => void socket.close());
    const target = syslog(socket.address().port, { protocol: 'udp', allowPlaintext: true });
    const one = later(createSyslogTransport(target, {}, 5_000));
    expect(await one.deliver(batchOf(['a', 'b']), signal())).toMatchObject({ kind: 'delivered' });
    await expect.poll(() => got.length, SOON).toBe(2);
    expect(await one.deliver(batchOf(['x'.repeat(70_000)]), signal())).toMatchObject({ kind: 'refused' });
  });

  test('not past the guard', async () => {
    const receiver = later(await syslogReceiver(null));
    for (const fields of [
      { allowPrivateNetwork: false },
      { protocol: 'tcp' as const, allowPrivateNetwork: false, allowPlaintext: true },
      { protocol: 'tcp' as const },
      { protocol: 'udp' as const, host: '169.254.169.254', allowPlaintext: true },
      { host: 'localhost', allowPrivateNetwork: false },
    ]) {
      const one = later(createSyslogTransport(syslog(receiver.port, fields), {}, 5_000));
      expect(await one.deliver(batchOf(['x']), signal())).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('refused'),
      });
    }
    expect(receiver.messages).toEqual([]);
  });
});

describe('file', () => {
  function inFolder(fields: Partial<Of<'file'>> = {}): {
    folder: string;
    transport: Transport;
    path: string;
  } {
    const folder = mkdtempSync(join(tmpdir(), 'bartizan-sink-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const target = {
      type: 'file',
      name: 'events.ndjson',
      format: 'ocsf',
      maxBytes: 65_536,
      keepFiles: 3,
      ...fields,
    } as const;
    return { folder, transport: createFileTransport(target, folder), path: join(folder, 'events.ndjson') };
  }

  test('appends lines, and mends a line that was cut off', async () => {
    const { transport, path } = inFolder();
    await transport.deliver(batchOf(['{"a":1}', '{"a":2}']), signal());
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"a":2}\n');
    writeFileSync(path, '{"a":1}\n{"a":');
    await transport.deliver(batchOf(['{"a":3}']), signal());
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"a":\n{"a":3}\n');
  });

  test('rotates by size, keeps so many, and no line is in two files or in none', async () => {
    const { folder, transport } = inFolder();
    const lines = Array.from({ length: 60 }, (_, index) => `{"n":${index},"pad":"${'x'.repeat(4_000)}"}`);
    for (const line of lines)
      expect(await transport.deliver(batchOf([line]), signal())).toMatchObject({ kind: 'delivered' });
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['events.ndjson', 'events.ndjson.1', 'events.ndjson.2', 'events.ndjson.3']);
    const read = names
      .toReversed()
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
    expect(read).toEqual(lines.slice(-read.length));
    expect(read.length).toBeGreaterThan(45);
  });

  test('never through a symbolic link, nor into a folder', async () => {
    const { folder, transport, path } = inFolder();
    const outside = mkdtempSync(join(tmpdir(), 'bartizan-out-'));
    ends.push(() => rmSync(outside, { recursive: true, force: true }));
    symlinkSync(join(outside, 'victim'), path);
    expect(await transport.deliver(batchOf(['x']), signal())).toMatchObject({ kind: 'failed' });
    expect(existsSync(join(outside, 'victim'))).toBe(false);
    rmSync(path);
    const other = inFolder();
    symlinkSync('/dev/null', other.path);
    expect(await other.transport.deliver(batchOf(['x']), signal())).toMatchObject({ kind: 'failed' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
