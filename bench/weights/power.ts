/**
 * What the checks of weights find and what they do not: `node bench/weights/power.ts [--harmless DIR] [--json]`.
 * Payloads of known share are written into generated weights; with `--harmless` (safetensors and ONNX files) it is
 * counted how often each hint comes up on models that are sound.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  buildModel,
  bytesOf,
  float32,
  hide,
  normals,
  randomNumbers,
} from '@bartizan/checks/artifacts/formats/weights/build.ts';
import { bytesSource } from '@bartizan/checks/artifacts/source/bytes.ts';
import { weightFindings, weightReport } from '@bartizan/checks/weights/index.ts';
import { openFileSource } from '../../cli/scan/file-source.ts';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, harmless: { type: 'string', multiple: true } },
});

const NUMBERS = 1 << 18;
const TRIALS = 3;
const SHARES = [0.001, 0.005, 0.01, 0.05, 0.25, 1] as const;

/** x86 code and tables: this very runtime. */
const program = (bytes: number): Uint8Array => {
  const source = openFileSource(process.execPath, { followLink: true });
  const from = Math.floor(source.size / 2);
  const content = source.read(from, bytes) as Uint8Array;
  source.close();
  return content;
};
const encrypted = (bytes: number): Uint8Array => {
  const random = randomNumbers(4711);
  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256));
};
const text = (bytes: number): Uint8Array =>
  new TextEncoder()
    .encode('for name in os.listdir(path): total += os.path.getsize(name)\n'.repeat(1 + bytes / 60))
    .slice(0, bytes);
const zip = (bytes: number): Uint8Array => {
  const packed = encrypted(bytes);
  packed.set([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0]);
  return packed;
};

/** Float32 to bfloat16, or to bfloat16 and back. */
const brain = (values: Float32Array): Uint16Array =>
  Uint16Array.from(new Uint32Array(values.slice().buffer), (word) => (word + 0x7fff) >>> 16);
const converted = (values: Float32Array): Float32Array =>
  new Float32Array(Uint32Array.from(brain(values), (word) => word << 16).buffer);

interface Setting {
  readonly cover: 'float32' | 'float32 from bfloat16' | 'bfloat16';
  readonly payload: 'text' | 'program' | 'zip' | 'encrypted';
  readonly bits: 1 | 2 | 4 | 8;
}

const SETTINGS: readonly Setting[] = [
  ...(['text', 'program', 'zip', 'encrypted'] as const).flatMap((payload) =>
    ([1, 4, 8] as const).map((bits) => ({ cover: 'float32', payload, bits }) as const),
  ),
  { cover: 'float32 from bfloat16', payload: 'encrypted', bits: 1 },
  { cover: 'float32 from bfloat16', payload: 'encrypted', bits: 8 },
  { cover: 'bfloat16', payload: 'text', bits: 1 },
  { cover: 'bfloat16', payload: 'encrypted', bits: 1 },
  { cover: 'bfloat16', payload: 'encrypted', bits: 2 },
  { cover: 'bfloat16', payload: 'encrypted', bits: 4 },
];

const MAKE = { text, program, zip, encrypted };

function hideInBrain(words: Uint16Array, payload: Uint8Array, bits: number): Uint16Array {
  const wide = new Float32Array(Uint32Array.from(words).buffer);
  return Uint16Array.from(new Uint32Array(hide(wide, payload, bits).buffer));
}

async function found(
  { cover, payload, bits }: Setting,
  share: number,
  seed: number,
): Promise<'read' | 'hint' | 'nothing'> {
  const bytes = Math.floor((NUMBERS * share * bits) / 8);
  const plain = normals(NUMBERS, seed);
  const content = MAKE[payload](bytes);
  const tensor =
    cover === 'bfloat16'
      ? { dtype: 'BF16', shape: [NUMBERS], bytes: bytesOf(hideInBrain(brain(plain), content, bits)) }
      : float32(hide(cover === 'float32' ? plain : converted(plain), content, bits));
  const report = await weightReport([{ path: 'm', source: bytesSource(buildModel({ w: tensor })) }]);
  const findings = weightFindings(report);
  if (findings.some(({ severity }) => severity === 'medium')) return 'read';
  return findings.length > 0 ? 'hint' : 'nothing';
}

async function power() {
  const rows = [];
  for (const setting of SETTINGS) {
    process.stderr.write(`${setting.payload} in ${setting.bits} bits of ${setting.cover}\n`);
    const row: Record<string, string> = {};
    for (const share of SHARES) {
      const counts = { read: 0, hint: 0, nothing: 0 };
      for (let trial = 0; trial < TRIALS; trial += 1)
        counts[await found(setting, share, trial * 31 + 1)] += 1;
      row[`${share * 100}%`] = counts.read === TRIALS ? 'read' : `${counts.read + counts.hint}/${TRIALS}`;
    }
    rows.push({ ...setting, ...row });
  }
  return rows;
}

async function falseAlarms(folders: readonly string[]) {
  const counts = {
    files: 0,
    tensors: 0,
    flaggedFiles: 0,
    payloads: 0,
    parts: 0,
    replaced: 0,
    outliers: 0,
    families: 0,
  };
  for (const path of folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))) {
    if (!statSync(path).isFile()) continue;
    const source = openFileSource(path, { followLink: true });
    const report = await weightReport([{ path: 'm', source }]);
    source.close();
    if (report.totals.tensors === 0) continue;
    counts.files += 1;
    counts.tensors += report.totals.tensors;
    counts.families += report.families.filter(({ members }) => members >= 6).length;
    counts.outliers += report.outliers.length;
    for (const { payloads, bits } of report.tensors) {
      counts.payloads += payloads.length > 0 ? 1 : 0;
      counts.parts += (bits?.parts.length ?? 0) > 0 ? 1 : 0;
      counts.replaced += (bits?.replaced?.share ?? 0) > 0 ? 1 : 0;
    }
    if (weightFindings(report).some(({ severity }) => severity !== 'info')) counts.flaggedFiles += 1;
  }
  return counts;
}

const result = {
  power: await power(),
  harmless: flags.harmless === undefined ? null : await falseAlarms(flags.harmless),
};
if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  console.table(result.power);
  if (result.harmless) console.table(result.harmless);
}
