// Runs the product's own cascade, with the shortcuts that the model's manifest grants, over the judging texts and writes
// what every stage says of each, for calibrate.py.
//
//   node training/injection/score.ts JUDGING.jsonl MODEL-FOLDER OUT.jsonl
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { DetectorText } from '../../checks/text/injection/index.ts';
import type { ModelDetector } from '../../checks/text/injection/model/judge.ts';
import { openInjectionDetector } from '../../checks/text/injection/model/open.ts';
import { judgeReading } from '../../checks/text/injection/score.ts';
import { readText } from '../../checks/text/normalise/index.ts';

const BATCH = 16;
/** Nobody waits for these answers, and the machine may be busy. */
const DEADLINE_MS = 120_000;

interface Row {
  readonly text: string;
  readonly origin: 'user' | 'third_party';
  readonly [name: string]: unknown;
}

const [input = '', folder = '', output = ''] = process.argv.slice(2);
if (output === '') {
  process.stderr.write('usage: node training/injection/score.ts JUDGING.jsonl MODEL-FOLDER OUT.jsonl\n');
  process.exit(64);
}
const opened = openInjectionDetector({ folder, log: console, deadlineMs: DEADLINE_MS });
if (opened === null) throw new Error(`${folder} holds no model`);
await opened.warm();
const out = createWriteStream(output);

function textOf({ text, origin: author }: Row): DetectorText {
  const reading = readText(text);
  const kind = author === 'user' ? 'message' : 'document';
  return {
    segment: { index: 0, text, author, kind },
    reading,
    rules: judgeReading(reading, { author, strictness: 1 }),
  };
}

async function score(detector: ModelDetector, rows: readonly Row[]): Promise<void> {
  const evidence = await detector.evidence(rows.map(textOf));
  for (const [i, { text, ...row }] of rows.entries()) {
    const said = evidence[i];
    if (said === undefined) throw new Error('The detector left out a text.');
    const features = { ...said, windows: Math.log2(said.windows), decoded: said.decoded ? 1 : 0 };
    if (!out.write(`${JSON.stringify({ ...row, ...features, chars: text.length })}\n`))
      await once(out, 'drain');
  }
}

let batch: Row[] = [];
let done = 0;
for await (const line of createInterface({ input: createReadStream(input), crlfDelay: Infinity })) {
  if (line === '') continue;
  batch.push(JSON.parse(line) as Row);
  if (batch.length < BATCH) continue;
  await score(opened.detector, batch);
  done += batch.length;
  batch = [];
  if (done % 1_600 === 0) process.stderr.write(`${done} texts scored\n`);
}
await score(opened.detector, batch);
out.end();
await once(out, 'finish');
await opened.encoder.close();
