import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { copyFiles, runListing } from './artifacts.ts';
import { mlflowServer } from './http.ts';
import type { Import, Tally } from './state.ts';

const PUT = '/api/2.0/mlflow-artifacts/artifacts/target/';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The parts of MLflow's protocol that files take, over HTTP. `digests`: tells them, as Bartizan does. */
async function fileServer(files: Map<string, string>, digests: boolean) {
  const reads: string[] = [];
  const puts: string[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'PUT') {
      const path = decodeURIComponent(url.pathname.slice(PUT.length));
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      files.set(path, Buffer.concat(chunks).toString());
      puts.push(path);
      response.end('{}');
    } else if (url.pathname === '/get-artifact') {
      const path = url.searchParams.get('path') ?? '';
      reads.push(path);
      response.end(files.get(path));
    } else {
      const listed = [...files].map(([path, text]) => ({
        path,
        is_dir: false,
        file_size: text.length,
        ...(digests ? { sha256: createHash('sha256').update(text).digest('hex') } : {}),
      }));
      response.end(JSON.stringify({ root_uri: '', files: listed }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  return { reads, puts, at: mlflowServer({ url: `http://127.0.0.1:${port}`, token: undefined, signal }) };
}

async function copied(from: Record<string, string>, to: Record<string, string>, sourceTells: boolean) {
  const there = new Map(Object.entries(to));
  const source = await fileServer(new Map(Object.entries(from)), sourceTells);
  const target = await fileServer(there, true);
  const state: Import = {
    source: source.at,
    target: target.at,
    origin: 'test',
    tally: {
      experiments: 0,
      runs: { imported: 0, already: 0 },
      loggedModels: { imported: 0, already: 0 },
      unfinished: 0,
      models: 0,
      versions: { imported: 0, already: 0 },
      files: 0,
      bytes: 0,
      problems: [],
    } as Partial<Tally> as Tally,
    say: () => undefined,
    maxFileBytes: 100,
    experiments: new Map(),
    runs: new Map(),
    loggedModels: new Map(),
  };
  await copyFiles(state, {
    from: runListing(source.at, 'r'),
    to: runListing(target.at, 'r'),
    sourcePath: (path) => `/get-artifact?${new URLSearchParams({ path })}`,
    targetRoot: 'target',
    what: 'run r',
  });
  return { there: Object.fromEntries(there), reads: source.reads, puts: target.puts, tally: state.tally };
}

const FROM = { same: 'weights', other: 'changed', 'fresh one': 'new', huge: 'x'.repeat(101) };
const TO = { same: 'weights', other: 'CHANGED' };

test.each([[true], [false]])(
  'a file of another content but the same size is copied again (the source tells digests: %s)',
  async (sourceTells) => {
    const { there, puts, reads, tally } = await copied(FROM, TO, sourceTells);
    expect(there).toEqual({ same: 'weights', other: 'changed', 'fresh one': 'new' });
    expect(puts.toSorted()).toEqual(['fresh one', 'other']);
    // Where digests are told nothing is read only to be compared, and what is too large never.
    expect(reads.includes('same')).toBe(!sourceTells);
    expect(reads).not.toContain('huge');
    expect([tally.files, tally.problems.length]).toEqual([2, 1]);
  },
);
