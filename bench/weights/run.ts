/**
 * Statistics of weights beside NumPy: `node bench/weights/run.ts [--mib 1024] [--python python3] [--json]`. Makes a
 * safetensors file of float32 numbers, then runs both over it one after the other, each as a process of its own.
 * NumPy counts NaN, infinity and zeros and computes minimum, maximum, mean, standard deviation, norm and kurtosis,
 * tensor by tensor, with SHA-256 as ours has; ours looks at the low bits as well.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { normals } from '@bartizan/checks/artifacts/formats/weights/build.ts';
import { measure } from '../artifacts/measure.ts';

const { values: flags } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    python: { type: 'string', default: 'python3' },
    json: { type: 'boolean', default: false },
  },
});
const TENSOR_MIB = 64;

const NUMPY = `
import sys, json, struct, hashlib, numpy as np
with open(sys.argv[1], 'rb') as f:
    n = struct.unpack('<Q', f.read(8))[0]
    header = json.loads(f.read(n))
    for name, t in header.items():
        b, e = t['data_offsets']
        f.seek(8 + n + b)
        raw = f.read(e - b)
        x = np.frombuffer(raw, dtype='<f4')
        m = x.mean(dtype=np.float64)
        d = x - m
        d2 = d * d
        v = d2.mean()
        print(name, np.isnan(x).sum(), np.isinf(x).sum(), (x == 0).sum(), x.min(), x.max(), m, np.sqrt(v),
              np.linalg.norm(x), (d2 * d2).mean() / (v * v) - 3, hashlib.sha256(raw).hexdigest())
`;

const OURS = `
import { openFileSource } from ${JSON.stringify(new URL('../../cli/scan/file-source.ts', import.meta.url).href)};
import { weightReport } from ${JSON.stringify(new URL('../../checks/weights/index.ts', import.meta.url).href)};
const source = openFileSource(process.argv[1], { followLink: true });
const bits = process.argv[2] === 'bits';
const report = await weightReport([{ path: 'm', source }], { bits });
console.log(report.totals.numbers);
`;

function makeModel(path: string, mib: number): void {
  const count = Math.max(1, Math.round(mib / TENSOR_MIB));
  const bytes = TENSOR_MIB * 2 ** 20;
  const header = JSON.stringify(
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `layers.${index}.weight`,
        { dtype: 'F32', shape: [bytes / 4], data_offsets: [index * bytes, (index + 1) * bytes] },
      ]),
    ),
  );
  const file = openSync(path, 'w');
  const head = Buffer.alloc(8 + Buffer.byteLength(header));
  head.writeBigUInt64LE(BigInt(head.length - 8));
  head.write(header, 8);
  writeSync(file, head);
  const values = normals(bytes / 4, 1);
  for (let index = 0; index < count; index += 1) writeSync(file, new Uint8Array(values.buffer));
  closeSync(file);
}

const folder = mkdtempSync(join(tmpdir(), 'bench-weights-'));
try {
  const path = join(folder, 'model.safetensors');
  makeModel(path, Number(flags.mib));
  const runs = [
    ['ours, low bits too', process.execPath, ['--input-type=module', '-e', OURS, path, 'bits']],
    ['ours, figures only', process.execPath, ['--input-type=module', '-e', OURS, path, 'plain']],
    ['numpy', flags.python, ['-c', NUMPY, path]],
  ] as const;
  const rows = [];
  for (const [name, command, args] of runs) {
    const run = await measure(command, args, 600_000);
    if (run.exitCode !== 0) throw new Error(`${name}: ${run.stderr.slice(0, 500)}`);
    rows.push({
      name,
      seconds: Math.round(run.seconds * 100) / 100,
      mibPerSecond: Math.round(Number(flags.mib) / run.seconds),
      peakMib: run.peakMib,
    });
  }
  const result = {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    mib: Number(flags.mib),
    rows,
  };
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else console.table(rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
