import type { MlflowServer } from './http.ts';

/** Says where something was imported from; what carries it is not imported again. */
export const FROM_TAG = 'bartizan.imported_from';
/** Of a run: all of it is here. */
export const DONE_TAG = 'bartizan.import_done';

export interface Tally {
  experiments: number;
  /** `already`: were complete before. */
  runs: { imported: number; already: number };
  loggedModels: { imported: number; already: number };
  /** Runs that went on when they were looked at; the next import completes them. */
  unfinished: number;
  models: number;
  versions: { imported: number; already: number };
  files: number;
  bytes: number;
  /** What could not be taken over, with the reason. */
  problems: string[];
}

export interface Import {
  readonly source: MlflowServer;
  readonly target: MlflowServer;
  /** How the source is named in tags. */
  readonly origin: string;
  readonly tally: Tally;
  readonly say: (line: string) => void;
  /** Larger files are left out, and named among the problems. In bytes. */
  readonly maxFileBytes: number;
  /** Source id → target id. */
  readonly experiments: Map<string, string>;
  readonly runs: Map<string, string>;
  readonly loggedModels: Map<string, string>;
}

/** All pages of a list; stops where a server gives the same token again. */
export async function allPages<P extends { readonly next_page_token?: string | undefined }, T>(
  page: (token: string | undefined) => Promise<P>,
  items: (page: P) => readonly T[],
): Promise<T[]> {
  const all: T[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const answer = await page(token);
    all.push(...items(answer));
    token = answer.next_page_token;
    if (!token || seen.has(token)) return all;
    seen.add(token);
  }
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export function* batches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
