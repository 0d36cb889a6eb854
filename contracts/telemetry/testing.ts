import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** For tests: a strict reader of Prometheus's text format, and a collector that decodes OTLP over HTTP. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/y;
const ESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\"': '"' };

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`labels that cannot be read: ${text}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`the label ${name} twice: ${text}`);
    labels[name] = value.replace(/\\[\\n"]/g, (escape) => ESCAPED[escape] as string);
  }
  return labels;
}

function readValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === 'Nan' || text === 'NaN') return Number.NaN;
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw new Error(`no number: ${text}`);
  return value;
}

/** Reads an exposition; throws on lines that are not of the format, types after samples, and double series. */
export function parseExposition(text: string): { samples: Sample[]; types: Map<string, string> } {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    if (line.startsWith('# TYPE ')) {
      const [name = '', type = ''] = line.slice('# TYPE '.length).split(' ');
      if (types.has(name)) throw new Error(`the type of ${name} twice`);
      types.set(name, type);
      continue;
    }
    const match = SAMPLE.exec(line);
    if (match === null) throw new Error(`a line that cannot be read: ${line}`);
    const [, name = '', labels = '', value = ''] = match;
    const family = types.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
    if (!types.has(family)) throw new Error(`${name} has no type before it`);
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) throw new Error(`twice: ${series}`);
    seen.add(series);
    samples.push({ name, labels: readLabels(labels), value: readValue(value) });
  }
  return { samples, types };
}

/** The sum of the samples of a name whose labels include these. */
export function total(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return parseExposition(text)
    .samples.filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

type Field = { readonly number: number; readonly value: bigint | Buffer };

/** The fields of a protobuf message (encoding guide of Protocol Buffers): varints, fixed 64 and 32, bytes. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    switch (tag & 7) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        yield { number, value: bytes.readBigUInt64LE(at) };
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        if (at + length > bytes.length) throw new Error('a message that ends early');
        yield { number, value: bytes.subarray(at, at + length) };
        at += length;
        break;
      }
      case 5:
        yield { number, value: BigInt(bytes.readUInt32LE(at)) };
        at += 4;
        break;
      default:
        throw new Error(`wire type ${tag & 7}`);
    }
  }
}

const all = (bytes: Buffer, number: number): Buffer[] =>
  [...fieldsOf(bytes)].filter((field) => field.number === number).map(({ value }) => value as Buffer);
const text = (bytes: Buffer, number: number): string => all(bytes, number)[0]?.toString('utf8') ?? '';
const hex = (bytes: Buffer, number: number): string => all(bytes, number)[0]?.toString('hex') ?? '';
const integer = (bytes: Buffer, number: number): bigint =>
  ([...fieldsOf(bytes)].find((field) => field.number === number)?.value as bigint | undefined) ?? 0n;

type Any = string | boolean | number | Any[] | null;

function anyValue(bytes: Buffer): Any {
  for (const { number, value } of fieldsOf(bytes)) {
    if (number === 1) return (value as Buffer).toString('utf8');
    if (number === 2) return value === 1n;
    if (number === 3) return Number(BigInt.asIntN(64, value as bigint));
    if (number === 4) {
      const buffer = Buffer.alloc(8);
      buffer.writeBigUInt64LE(value as bigint);
      return buffer.readDoubleLE();
    }
    if (number === 5) return all(value as Buffer, 1).map(anyValue);
  }
  return null;
}

const attributesOf = (bytes: Buffer, number: number): Record<string, Any> =>
  Object.fromEntries(
    all(bytes, number).map((pair) => [text(pair, 1), anyValue(all(pair, 2)[0] ?? Buffer.alloc(0))]),
  );

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, Any>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, Any>> }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly resource: Readonly<Record<string, Any>>;
}

/** The spans of an `ExportTraceServiceRequest` (opentelemetry-proto, trace/v1/trace.proto). */
export function decodeSpans(body: Buffer): CollectedSpan[] {
  return all(body, 1).flatMap((group) => {
    const resource = attributesOf(all(group, 1)[0] ?? Buffer.alloc(0), 1);
    const spans = all(group, 2).flatMap((scope) => all(scope, 2));
    return spans.map((span) => ({
      traceId: hex(span, 1),
      spanId: hex(span, 2),
      parentId: hex(span, 4),
      name: text(span, 5),
      kind: Number(integer(span, 6)),
      startNs: integer(span, 7),
      endNs: integer(span, 8),
      attributes: attributesOf(span, 9),
      events: all(span, 11).map((event) => ({ name: text(event, 2), attributes: attributesOf(event, 3) })),
      status: Number(integer(all(span, 15)[0] ?? Buffer.alloc(0), 3)),
      resource,
    }));
  });
}

export interface Collector {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` names. */
  readonly url: string;
  readonly spans: () => readonly CollectedSpan[];
  readonly requests: () => readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** Everything that came, as bytes. */
  readonly raw: () => Buffer;
  readonly close: () => Promise<void>;
}

/** A collector that takes spans, or answers with another status, or never (`null`). */
export async function startCollector(status: number | null = 200): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      requests.push({ path: request.url ?? '', headers: request.headers });
      bodies.push(body);
      if (status === null) return;
      if (status === 200) spans.push(...decodeSpans(body));
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    requests: () => requests,
    raw: () => Buffer.concat(bodies),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
