import { z } from 'zod';
import { rootDigest } from './manifest.ts';
import { byBytes, byNames } from './paths.ts';
import { STATEMENT_TYPE, type Statement } from './statement.ts';

export const SLSA_V1 = 'https://slsa.dev/provenance/v1';

export interface Material {
  readonly name: string;
  readonly uri: string | null;
  /** `algorithm:hexadecimal`. */
  readonly digest: string | null;
}

/** What SLSA provenance v1 says, shortened; all of it is the signer's word. Instants in ms since the epoch. */
export interface Provenance {
  readonly buildType: string;
  readonly builder: string;
  readonly invocation: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly source: { readonly repository: string; readonly revision: string | null } | null;
  readonly materials: readonly Material[];
  /** Materials beyond those listed. */
  readonly moreMaterials: number;
}

const LONGEST = 500;
const MOST_MATERIALS = 100;
/** Foreign text for people: one line, short. */
const Text = z.string().transform((text) =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, LONGEST)
    .toWellFormed(),
);
const Descriptor = z.object({
  name: Text.optional(),
  uri: Text.optional(),
  digest: z.record(Text, Text).optional(),
});
/** SLSA provenance v1; members that are not shown are left aside, as the specification asks. */
const Predicate = z.object({
  buildDefinition: z.object({
    buildType: Text,
    externalParameters: z.unknown(),
    resolvedDependencies: z.array(Descriptor).max(100_000).optional(),
  }),
  runDetails: z.object({
    builder: z.object({ id: Text }),
    metadata: z
      .object({
        invocationId: Text.optional(),
        startedOn: z.string().optional(),
        finishedOn: z.string().optional(),
      })
      .optional(),
  }),
});

const instantOf = (text: string | undefined): number | null => {
  const at = text === undefined || text.length > 40 ? Number.NaN : Date.parse(text);
  return Number.isSafeInteger(at) && at >= 0 ? at : null;
};

/** Reads the predicate of a verified statement as SLSA provenance v1; null when it is none. */
export function provenanceOf({ predicateType, predicate }: Statement): Provenance | null {
  if (predicateType !== SLSA_V1) return null;
  const parsed = Predicate.safeParse(predicate);
  if (!parsed.success) return null;
  const { buildDefinition, runDetails } = parsed.data;
  const all = (buildDefinition.resolvedDependencies ?? []).map(materialOf);
  return {
    buildType: buildDefinition.buildType,
    builder: runDetails.builder.id,
    invocation: runDetails.metadata?.invocationId ?? null,
    startedAt: instantOf(runDetails.metadata?.startedOn),
    finishedAt: instantOf(runDetails.metadata?.finishedOn),
    source: sourceOf(all),
    materials: all.slice(0, MOST_MATERIALS),
    moreMaterials: Math.max(0, all.length - MOST_MATERIALS),
  };
}

function materialOf({ name, uri, digest }: z.infer<typeof Descriptor>): Material {
  const [first] = Object.entries(digest ?? {});
  return { name: name ?? uri ?? '', uri: uri ?? null, digest: first ? `${first[0]}:${first[1]}` : null };
}

/** The first material that is fetched with git. */
function sourceOf(materials: readonly Material[]): Provenance['source'] {
  const git = materials.find(
    ({ uri, digest }) => uri?.startsWith('git+') || digest?.startsWith('gitCommit:'),
  );
  if (!git?.uri) return null;
  const revision = git.digest?.startsWith('gitCommit:') ? git.digest.slice('gitCommit:'.length) : null;
  return { repository: repositoryOf(git.uri.replace(/^git\+/, '')), revision };
}

/** The address without what stands behind `@` in its path (a branch or tag) and without credentials. */
function repositoryOf(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  url.pathname = url.pathname.replace(/@.*$/, '');
  return url.href;
}

export interface DigestedFile {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Digests that stand for a set of files: their order by bytes, which is ours, and name by name, which is Python's. */
export function digestsOfFiles(files: readonly DigestedFile[]): readonly string[] {
  const inOrder = (order: (a: string, b: string) => number): string =>
    rootDigest(files.toSorted((a, b) => order(a.path, b.path)).map(({ sha256 }) => sha256));
  return [...new Set([inOrder(byBytes), inOrder(byNames)])];
}

/** Whether a statement is about these files: one subject is the digest of all, or subjects name each of them. */
export function subjectCovers({ subject }: Statement, files: readonly DigestedFile[]): boolean {
  const named = new Set(subject.map(({ digest }) => digest.sha256).filter((one) => one !== undefined));
  if (files.length === 0) return false;
  return (
    digestsOfFiles(files).some((one) => named.has(one)) || files.every(({ sha256 }) => named.has(sha256))
  );
}

export interface NewProvenance {
  readonly subject: { readonly name: string; readonly sha256: string };
  readonly buildType: string;
  readonly builder: string;
  readonly invocation: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly dependencies: readonly {
    readonly name?: string;
    readonly uri?: string;
    readonly digest?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

const iso = (ms: number | null): string | undefined => (ms === null ? undefined : new Date(ms).toISOString());

/** The text of a statement with SLSA provenance v1, ready to be signed. */
export function provenanceStatement(given: NewProvenance): string {
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: [{ name: given.subject.name, digest: { sha256: given.subject.sha256 } }],
    predicateType: SLSA_V1,
    predicate: {
      buildDefinition: {
        buildType: given.buildType,
        externalParameters: given.parameters,
        internalParameters: {},
        resolvedDependencies: given.dependencies,
      },
      runDetails: {
        builder: { id: given.builder },
        metadata: {
          invocationId: given.invocation ?? undefined,
          startedOn: iso(given.startedAt),
          finishedOn: iso(given.finishedAt),
        },
      },
    },
  });
}
