import { createReadStream } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import {
  ApiError,
  type DataPushFile,
  type dataPushRoutes,
  UploadFile,
  uploadRoutes,
} from '@bartizan/contracts';
import { ApiFailure, routeUrl } from '@bartizan/contracts/client.ts';
import type { Stored } from '../../session.ts';
import type { HashedFile } from './hashing.ts';

/** A server that says nothing for this long is gone; joining a large file in a bucket takes it a while. */
const SILENCE_MS = 15 * 60_000;
const READ_BYTES = 1024 * 1024;
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface SendPart {
  readonly session: Stored;
  /** Where to: an upload of a model version where absent. */
  readonly route?: typeof uploadRoutes.sendFile | typeof dataPushRoutes.sendFile;
  readonly uploadId: string;
  readonly file: HashedFile;
  readonly offset: number;
  /** Number of bytes to send. */
  readonly length: number;
  /** Told of bytes that went on their way. */
  readonly sent: (bytes: number) => void;
}

const unreachable = (url: string): ApiFailure =>
  new ApiFailure(0, {
    code: 'unreachable',
    message: `the connection to ${url} broke`,
    hint: 'Run the same command again: it goes on where it stopped.',
    requestId: '',
  });

function failureOf(status: number, text: string): ApiFailure {
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // What stands between us and the server answered in its own way.
  }
  const parsed = ApiError.safeParse(json);
  return new ApiFailure(
    status,
    parsed.success
      ? parsed.data.error
      : { code: 'unexpected', message: `the server answered ${status}`, requestId: '' },
  );
}

/**
 * Sends one part of a file, read as it goes. Throws {@link ApiFailure} as the typed client does; also when the answer
 * comes before all was sent.
 */
export async function sendPart(part: SendPart): Promise<UploadFile & DataPushFile> {
  const { session, route = uploadRoutes.sendFile, uploadId, file, offset, length } = part;
  const path = routeUrl(route, {
    params: { id: uploadId, '*': file.path },
    query: { offset },
  });
  const url = new URL(session.url + path);
  const answer = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${session.key}`,
      accept: 'application/json',
      'content-type': 'application/octet-stream',
      'content-length': length,
    },
    timeout: SILENCE_MS,
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => answer.reject(unreachable(session.url)));
  request.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (text.length < MAX_ANSWER_BYTES) text += chunk;
    });
    response.on('error', () => answer.reject(unreachable(session.url)));
    response.on('end', () => answer.resolve({ status: response.statusCode ?? 0, text }));
    // Refused in the middle: what is left need not be sent.
    if ((response.statusCode ?? 0) >= 400) response.on('end', () => request.destroy());
  });
  if (length === 0) request.end();
  else {
    const bytes = createReadStream(file.place, {
      start: offset,
      end: offset + length - 1,
      highWaterMark: READ_BYTES,
    });
    bytes.on('data', (chunk) => part.sent(chunk.length));
    pipeline(bytes, request).catch(() => {
      if (!request.destroyed) request.destroy();
      answer.reject(unreachable(session.url));
    });
  }
  const { status, text } = await answer.promise;
  if (status < 200 || status >= 300) throw failureOf(status, text);
  return UploadFile.parse(JSON.parse(text));
}
