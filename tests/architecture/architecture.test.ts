import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCycle, ROOT, readSources, type Source } from './imports.ts';

const sources = readSources();

/** What each room of the house may import, itself included. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contracts: ['contracts'],
  checks: ['checks'],
  gateway: ['contracts', 'checks', 'gateway'],
  'server/kernel': ['server/kernel'],
  'server/platform': ['contracts', 'checks', 'server/kernel', 'server/platform'],
  'server/identity': [
    'contracts',
    'checks',
    'server/kernel',
    'server/platform',
    'server/identity',
    'server/audit',
  ],
  'server/audit': ['contracts', 'checks', 'server/kernel', 'server/platform', 'server/audit'],
  'server/reviews': [
    'contracts',
    'checks',
    'server/kernel',
    'server/platform',
    'server/audit',
    'server/reviews',
  ],
  'server/lifecycle': [
    'contracts',
    'checks',
    'server/kernel',
    'server/platform',
    'server/identity',
    'server/audit',
    'server/reviews',
    'server/lifecycle',
  ],
  server: [
    'contracts',
    'checks',
    'server',
    'server/kernel',
    'server/platform',
    'server/identity',
    'server/audit',
    'server/reviews',
    'server/lifecycle',
  ],
  console: ['contracts', 'console'],
  cli: ['contracts', 'checks', 'gateway', 'server', 'cli'],
};

/** An earlier stage never imports a later one. */
const LIFECYCLE = [
  'inventory',
  'registry',
  'provenance',
  'assurance',
  'release',
  'policies',
  'endpoints',
  'interactions',
  'detector',
  'sinks',
  'fleet',
  'monitoring',
  'incidents',
  'governance',
];

function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  const inner = `${first}/${second}`;
  return inner in MAY_IMPORT ? inner : first;
}

/** `server/identity/store.ts` → `server/identity`; `server/lifecycle/endpoints/x.ts` → `server/lifecycle/endpoints`. */
function domainOf(path: string): string | null {
  const match = /^server\/(?:lifecycle\/[a-z-]+|identity|audit|reviews)(?=\/)/.exec(path);
  return match?.[0] ?? null;
}

const pairs = (rule: (source: Source, target: string) => boolean): string[] =>
  sources.flatMap((source) =>
    source.files.filter((target) => rule(source, target)).map((target) => `${source.path} → ${target}`),
  );

describe('the house', () => {
  it('found the sources', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it('lets each room import only what stands below it', () => {
    expect(pairs((source, target) => !MAY_IMPORT[roomOf(source.path)]?.includes(roomOf(target)))).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(findCycle(sources)).toBeNull();
  });

  it('never lets an earlier stage of the lifecycle import a later one', () => {
    const stage = (path: string) =>
      LIFECYCLE.indexOf(/^server\/lifecycle\/([a-z-]+)\//.exec(path)?.[1] ?? '');
    expect(
      pairs(
        (source, target) =>
          stage(source.path) >= 0 && stage(target) >= 0 && stage(target) > stage(source.path),
      ),
    ).toEqual([]);
  });

  it('enters a domain only through its index', () => {
    expect(
      pairs((source, target) => {
        const domain = domainOf(target);
        return domain !== null && domainOf(source.path) !== domain && target !== `${domain}/index.ts`;
      }),
    ).toEqual([]);
  });

  it('keeps node-only parts of the contracts out of the console', () => {
    expect(
      pairs(
        (source, target) =>
          source.path.startsWith('console/') && /^contracts\/(?:sealed\.ts$|telemetry\/)/.test(target),
      ),
    ).toEqual([]);
  });
});

/** Where a trained model is read and run: the one part of checks that touches files and processes. */
const MODEL_RUNTIME = new Set([
  ...[
    'load',
    'open',
    'named',
    'folders',
    'fixture',
    'encoder/encoder',
    'encoder/jobs',
    'encoder/queue',
    'encoder/sandbox',
    'encoder/suspects',
    'encoder/main',
    'encoder/port',
    'encoder/session',
  ].map((name) => `checks/text/injection/model/${name}.ts`),
  // What a test puts in the encoder's place.
  'checks/text/injection/model/encoder/faulty.child.ts',
  'checks/with-models.ts',
]);
/** The parts of `checks` that open files: datasets, through DuckDB, and the process that scans them. */
const READERS = ['checks/datasets/read/', 'checks/datasets/scan/worker/'];
const runs = (path: string): boolean =>
  MODEL_RUNTIME.has(path) || READERS.some((folder) => path.startsWith(folder));

describe('checks', () => {
  const checks = sources.filter((source) => source.path.startsWith('checks/'));

  it('are pure: no network, files, processes, database, clock or chance', () => {
    /** What stands in quotes is somebody's text: samples quote code. */
    const codeOf = (text: string) =>
      withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''");
    const forbidden =
      /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|process\.(?:env|exit|on)|fetch\(|globalThis\.[a-z])/;
    const pure = checks.filter(({ path }) => !runs(path));
    const dirty = pure.flatMap((source) => [
      ...source.packages
        .filter((name) =>
          /^(?:node:)?(?:fs|net|http|https|dns|child_process|worker_threads|os|tls|cluster|dgram)\b|^pg$|^undici$/.test(
            name,
          ),
        )
        .map((name) => `${source.path} imports ${name}`),
      ...(forbidden.test(codeOf(source.text))
        ? [`${source.path} uses ${forbidden.exec(codeOf(source.text))?.[0]}`]
        : []),
    ]);
    expect(dirty).toEqual([]);
  });

  it('get what runs a model handed in, and import none of it', () => {
    expect(
      pairs((source, target) => source.path.startsWith('checks/') && !runs(source.path) && runs(target)),
    ).toEqual([]);
  });
});

describe('every source file', () => {
  it('uses no eval, no Function constructor, no any', () => {
    const bad = sources.filter((source) =>
      /\beval\(|new Function\(|:\sany\b|\bas any\b|<any>/.test(withoutComments(source.text)),
    );
    expect(bad.map((source) => source.path)).toEqual([]);
  });

  it('has no default export but where a tool needs one', () => {
    const bad = sources.filter(
      (source) => /^export default/m.test(source.text) && !/vite\.config|vitest\.config/.test(source.path),
    );
    expect(bad.map((source) => source.path)).toEqual([]);
  });
});

describe('dependencies', () => {
  it('each stand in docs/dependencies.md with their reason', () => {
    const documented = readFileSync(join(ROOT, 'docs', 'dependencies.md'), 'utf8');
    const manifests = ['package.json', ...readdirSync(ROOT).map((room) => join(room, 'package.json'))];
    const names = manifests.flatMap((file) => {
      try {
        const manifest = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<
          string,
          Record<string, string>
        >;
        return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
          Object.keys(manifest[kind] ?? {}),
        );
      } catch {
        return [];
      }
    });
    const missing = [...new Set(names)].filter(
      (name) => !name.startsWith('@bartizan/') && !documented.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
}

describe('what two rooms must agree on without importing each other', () => {
  it('the demo endpoint watches for the very secret that the demo assistant guards', async () => {
    const { DEMO_SECRET } = await import('@bartizan/gateway/demo/persona.ts');
    const { DEMO_ENDPOINT } = await import('@bartizan/server/lifecycle/endpoints/demo.ts');
    expect(DEMO_ENDPOINT.canaries).toContain(DEMO_SECRET);
  });
});
