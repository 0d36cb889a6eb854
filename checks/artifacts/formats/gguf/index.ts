import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, defineArtifactCheck, ScanFault } from '../../types.ts';
import { judgeAppended } from '../core/appended.ts';
import { judged } from '../core/judge.ts';
import { payloadsIn } from '../core/payload.ts';
import { sampleInput } from '../core/sample.ts';
import { cut } from '../core/text.ts';
import { templateFindings } from '../jinja/index.ts';
import { buildGguf } from './build.ts';
import { type GgufFile, type GgufText, readGguf } from './read.ts';
import { GGML_TYPES } from './types.ts';

const CHECK = 'artifacts/gguf';
const MOST_REPORTED = 20;

export const ggufCheck = defineArtifactCheck({
  id: CHECK,
  title: 'GGUF',
  description:
    'Reads metadata and tensor descriptions with limits, judges the chat templates, and compares the tensors with the file: out of range, overlapping, doubled names, bytes after the end.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'an ordinary chat template',
      input: sampleInput(buildGguf({ template: "{% for m in messages %}{{ m['content'] }}{% endfor %}" })),
      found: false,
    },
    {
      title: 'a chat template that reaches for the interpreter',
      input: sampleInput(buildGguf({ template: "{{ cycler.__init__.__globals__.os.popen('id').read() }}" })),
      found: true,
    },
  ],
  recognise: ({ head }) =>
    head[0] === 0x47 && head[1] === 0x47 && head[2] === 0x55 && head[3] === 0x46 ? 'yes' : 'no',
  judge: (input) =>
    judged(input, { check: CHECK, format: 'gguf' }, async (outcome) => {
      const { source, context } = input;
      const file = await readGguf(source, context.checkpoint);
      judgeKeys(file, outcome);
      for (const text of file.texts) judgeText(text, outcome);
      const end = judgeTensors(file, source.size, outcome);
      await judgeAppended(source, end, outcome, {
        check: CHECK,
        severity: 'medium',
        checkpoint: context.checkpoint,
        padTo: Math.ceil(end / file.alignment) * file.alignment,
      });
      return undefined;
    }),
});

function judgeKeys({ keys }: GgufFile, outcome: OutcomeBuilder): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) {
      note(outcome, {
        severity: 'medium',
        kind: 'container-mismatch',
        message: `The key "${cut(key, 80)}" is there twice: readers differ in which they take.`,
        offset: 8,
      });
    }
    seen.add(key);
  }
}

function judgeText({ key, text, offset }: GgufText, outcome: OutcomeBuilder): void {
  if (key.includes('chat_template') || /\{[{%][\s\S]{0,20000}__/.test(text.slice(0, 200_000))) {
    for (const finding of templateFindings(text, { where: cut(key, 80), offset })) outcome.find(finding);
  }
  for (const { what, excerpt } of payloadsIn(text)) {
    outcome.find({
      check: CHECK,
      severity: 'medium',
      kind: 'embedded-payload',
      message: `The metadata value "${cut(key, 80)}" holds ${what}.`,
      offset,
      evidence: { excerpt: [excerpt] },
    });
  }
}

/** Answers where the tensor data end. */
function judgeTensors(file: GgufFile, size: number, outcome: OutcomeBuilder): number {
  const { tensors, dataStart } = file;
  if (tensors.length === 0) return Math.min(size, dataStart);
  const names = new Set<string>();
  let reported = 0;
  let end = 0;
  let isEndKnown = true;
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset)) {
    const name = cut(tensor.name, 80);
    const report = (message: string) => {
      reported += 1;
      if (reported <= MOST_REPORTED) {
        note(outcome, { severity: 'medium', kind: 'container-mismatch', message, offset: tensor.at });
      }
    };
    if (names.has(tensor.name)) report(`The tensor "${name}" is there twice.`);
    names.add(tensor.name);
    if (tensor.offset < end) report(`Tensor "${name}" overlaps the one before it.`);
    if (tensor.offset % file.alignment !== 0) report(`Tensor "${name}" is not aligned.`);
    const block = GGML_TYPES[tensor.type];
    const numbers = tensor.dims.reduce((product, dim) => product * dim, 1);
    if (numbers > Number.MAX_SAFE_INTEGER)
      throw new ScanFault(`tensor "${name}" of ${numbers} numbers`, tensor.at);
    if (block === undefined) {
      isEndKnown = false;
      note(outcome, {
        severity: 'info',
        kind: 'note',
        message: `Tensor "${name}" has the unknown type ${tensor.type}.`,
        offset: tensor.at,
      });
      continue;
    }
    isEndKnown = true;
    const bytes = Math.ceil(numbers / block[0]) * block[1];
    if (dataStart + tensor.offset + bytes > size) {
      throw new ScanFault(`tensor "${name}" lies beyond the end of the file`, tensor.at);
    }
    end = Math.max(end, tensor.offset + bytes);
  }
  return isEndKnown ? dataStart + end : size;
}

function note(
  outcome: OutcomeBuilder,
  finding: Pick<ArtifactFinding, 'severity' | 'kind' | 'message' | 'offset'>,
): void {
  outcome.find({ check: CHECK, ...finding, evidence: {} });
}
