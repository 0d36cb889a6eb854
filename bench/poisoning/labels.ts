/**
 * Label errors: `node bench/poisoning/labels.ts [--data DIR] [--rows 100000] [--python PYTHON] [--json]`. With `--data`
 * (a folder with poisoning/label-errors) on probabilities of known datasets with labels flipped by lot; on generated rows
 * always, beside cleanlab on the same rows where `--python` names an interpreter that has it.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkLabels } from '@bartizan/checks/datasets/labels/index.ts';
import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import { type Generated, generate } from './labels/generated.ts';
import { knownSets, type SetFigures } from './labels/known.ts';
import { auroc, found } from './labels/measure.ts';
import { cleanlabFigures, type MethodFigures } from './labels/peers.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    rows: { type: 'string', default: '100000' },
    spread: { type: 'string', default: '0.8' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

type OurFigures = MethodFigures & { readonly estimatedPrecision: number; readonly estimatedNoise: number };

function ours(made: Generated): OurFigures[] {
  return (['linear', 'neighbours', 'both'] as const).map((judge) => {
    const start = performance.now();
    const report = finish(checkLabels(made, { judge }));
    const seconds = (performance.now() - start) / 1000;
    return {
      method: `ours, ${judge}`,
      auroc: auroc(report.scores, made.bad),
      ...found(report.errors, made.bad),
      seconds,
      estimatedPrecision: report.precision.value,
      estimatedNoise: report.noise.value,
    };
  });
}

const share = (value: number): string => value.toFixed(3);

function printSets(sets: readonly SetFigures[]): void {
  console.log(
    '| set | off-diagonal | pruned | flipped | AUROC | precision | recall | precision with labels that people did not keep | as estimated |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const { set, offDiagonal, pruned, flips } of sets)
    for (const flip of flips)
      console.log(
        `| ${set} | ${offDiagonal} | ${pruned} | ${100 * flip.share}% | ${flip.auroc.toFixed(4)} | ${share(flip.precision)} | ${share(flip.recall)} | ${share(flip.precisionWithRelabelled)} | ${share(flip.estimatedPrecision)} (${share(flip.estimatedLow)} to ${share(flip.estimatedHigh)}) |`,
      );
}

function printMethods(methods: readonly MethodFigures[], flipped: number): void {
  console.log(`\n${flags.rows} generated rows × 20, 5 classes of 2 blobs, ${flipped} flipped\n`);
  console.log('| method | AUROC | flagged | precision | recall | seconds |');
  console.log('|---|---|---|---|---|---|');
  for (const figures of methods)
    console.log(
      `| ${figures.method} | ${figures.auroc.toFixed(4)} | ${figures.flagged} | ${share(figures.precision)} | ${share(figures.recall)} | ${figures.seconds.toFixed(2)} |`,
    );
}

const sets = flags.data === undefined ? [] : await knownSets(join(flags.data, 'poisoning', 'label-errors'));
const made = generate(Number(flags.rows), Number(flags.spread), Number(flags.seed));
const flipped = made.bad.reduce((sum, mark) => sum + mark, 0);
const generated = [
  ...ours(made),
  ...(flags.python === undefined ? [] : await cleanlabFigures(flags.python, made)),
];
if (flags.json)
  console.log(JSON.stringify({ sets, generated: { rows: made.features.rows, flipped, methods: generated } }));
else {
  printSets(sets);
  printMethods(generated, flipped);
}
