/** A table of figures; a part may give several. */
export interface BenchTable {
  readonly name: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly notes: readonly string[];
}

export interface PartOptions {
  readonly data: string | null;
  readonly seed: number;
  readonly quick: boolean;
  /** An interpreter with the Python packages to compare with; null for none. */
  readonly python: string | null;
}

/** A part of the benchmark: a module that exports `benchNAME`, or a command that prints JSON of its own. */
export type Part = { readonly name: string } & (
  | { readonly module: string }
  | {
      readonly command: string;
      readonly args: (options: PartOptions) => readonly string[];
      readonly tables: (printed: never) => readonly BenchTable[];
    }
);

interface LabelFigures {
  readonly sets: readonly { readonly set: string; readonly flips: readonly Record<string, number>[] }[];
  readonly generated: {
    readonly rows: number;
    readonly flipped: number;
    readonly methods: readonly Record<string, string | number>[];
  };
}

interface RecordFigures {
  readonly rows: number;
  readonly sameRoot: boolean;
  readonly measured: readonly Record<string, string | number>[];
}

const withData = ({ data }: PartOptions): string[] => (data === null ? [] : ['--data', data]);

/** What `npm run bench:poisoning` measures, in this order. */
export const PARTS: readonly Part[] = [
  {
    name: 'labels',
    command: '../labels.ts',
    args: (options) => [
      ...withData(options),
      '--rows',
      options.quick ? '20000' : '100000',
      '--seed',
      String(options.seed),
      ...(options.python === null ? [] : ['--python', options.python]),
    ],
    tables: ({ sets, generated }: LabelFigures) => [
      {
        name: 'label errors, probabilities of known datasets with labels flipped by lot',
        rows: sets.flatMap(({ set, flips }) => flips.map((flip) => ({ set, ...flip }))),
        notes: ['Precision and recall are those of prune-by-noise-rate; means over 5 seeds.'],
      },
      {
        name: 'label errors, generated rows',
        rows: [...generated.methods],
        notes: [`${generated.rows} rows × 20, 5 classes of 2 blobs, ${generated.flipped} labels flipped.`],
      },
    ],
  },
  { name: 'scan', module: '../scan.ts' },
  { name: 'texts', module: '../texts.ts' },
  { name: 'images', module: '../images.ts' },
  { name: 'tabular', module: '../tabular.ts' },
  { name: 'quality', module: '../quality.ts' },
  { name: 'annotators', module: '../annotators.ts' },
  { name: 'privacy', module: '../privacy.ts' },
  {
    name: 'records',
    command: '../records.ts',
    args: ({ quick }) => ['--rows', quick ? '100000' : '1000000', '--rounds', quick ? '1' : '3'],
    tables: ({ rows, sameRoot, measured }: RecordFigures) => [
      {
        name: 'hashing and verifying records',
        rows: [...measured],
        notes: [
          `${rows} records; CSV and Parquet have ${sameRoot ? 'the same root' : 'different roots'}.`,
          'Ratios are times over those of sha256sum and DuckDB reading alone, added.',
        ],
      },
    ],
  },
];
