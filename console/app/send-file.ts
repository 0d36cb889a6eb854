import { ApiError, type RouteContract } from '@bartizan/contracts';
import { ApiFailure, routeUrl } from '@bartizan/contracts/client.ts';

/** A route that takes bytes of a file from `offset` on, as `uploads.sendFile` does. */
type SendRoute = Pick<RouteContract, 'path' | 'method' | 'response'>;

interface Received {
  /** Bytes that are kept. */
  readonly received: number;
}

const PART_BYTES = 16 * 1024 * 1024;
const ATTEMPTS = 6;

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

interface Part {
  readonly route: SendRoute;
  readonly id: string;
  readonly path: string;
  readonly offset: number;
  readonly bytes: Blob;
}

async function sendPart({ route, id, path, offset, bytes }: Part, signal: AbortSignal): Promise<Received> {
  let response: Response;
  try {
    response = await fetch(routeUrl(route, { params: { id, '*': path }, query: { offset } }), {
      method: route.method,
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
      credentials: 'same-origin',
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiFailure(0, {
      code: 'unreachable',
      message: 'Bartizan does not answer',
      hint: 'The upload goes on when it does.',
      requestId: '',
    });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return (route.response ? route.response.parse(body) : body) as Received;
  const parsed = ApiError.safeParse(body);
  throw new ApiFailure(
    response.status,
    parsed.success
      ? parsed.data.error
      : { code: 'unexpected', message: `the server answered ${response.status}`, requestId: '' },
  );
}

/** Worth another try: nobody answered, or somebody is busy. */
const isPassing = (failure: unknown): boolean =>
  failure instanceof ApiFailure && [0, 408, 429, 502, 503, 504].includes(failure.status);

export interface FileJob {
  readonly route: SendRoute;
  /** Of the upload or push. */
  readonly id: string;
  readonly path: string;
  readonly file: File;
  /** Bytes that are there already. */
  readonly from: number;
  /** How far the file is, as the server has it. */
  readonly receivedOf: () => Promise<number>;
  readonly signal: AbortSignal;
  readonly onSent: (received: number) => void;
}

/** Sends a file in parts. After a break it asks how far the server is and goes on from there. */
export async function sendFile(job: FileJob): Promise<void> {
  const { route, id, path, file, from, receivedOf, signal, onSent } = job;
  let offset = from;
  let failed = 0;
  do {
    try {
      const bytes = file.slice(offset, offset + PART_BYTES);
      offset = (await sendPart({ route, id, path, offset, bytes }, signal)).received;
      failed = 0;
      onSent(offset);
    } catch (failure) {
      failed += 1;
      if (signal.aborted || !isPassing(failure) || failed >= ATTEMPTS) throw failure;
      await wait(500 * 2 ** failed, signal);
      offset = await receivedOf().catch(() => offset);
    }
  } while (offset < file.size);
}
