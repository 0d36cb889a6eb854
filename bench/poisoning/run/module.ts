/** Runs one `benchNAME` in a process of its own: `node module.ts FILE OPTIONS`; its table goes to descriptor 3. */
import { writeSync } from 'node:fs';
import type { BenchTable, PartOptions } from './parts.ts';

const [file = '', options = '{}'] = process.argv.slice(2);
const exported = (await import(file)) as Record<string, unknown>;
const bench = Object.entries(exported).find(([name]) => /^bench[A-Z]/.test(name))?.[1];
if (typeof bench !== 'function') throw new Error(`${file} exports no bench`);
const table = (await (bench as (given: PartOptions) => unknown)(
  JSON.parse(options) as PartOptions,
)) as BenchTable;
const text = Buffer.from(JSON.stringify(table));
for (let at = 0; at < text.length; ) at += writeSync(3, text, at);
