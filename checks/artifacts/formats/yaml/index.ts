import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, defineArtifactCheck, ScanFault } from '../../types.ts';
import { judgeName } from '../core/callable.ts';
import { judged } from '../core/judge.ts';
import { sampleInput } from '../core/sample.ts';
import { byteOffset, cut, probeText, readText, TEXT_LIMIT_BYTES } from '../core/text.ts';
import { judgeTarget } from './target.ts';

const CHECK = 'artifacts/yaml';
const MARKS = /_target_|!!python|2002:python|(?:^|\n)\s{0,80}loader_module\s{0,20}:/;
const TARGET = /_target_["']?\s{0,200}:\s{0,200}([^\s,}\]#][^\n,}\]#]{0,500})/g;
const TAG = /(?:!!python\/|tag:yaml\.org,2002:python\/)([a-zA-Z/_]{0,40})(?::|%3[aA])?([\w.:]{0,200})/g;
const LOADER = /(?:^|\n)\s{0,80}["']?loader_module["']?\s{0,20}:\s{0,20}["']?([\w.]{1,200})/g;
const TRUST = /(?:^|\n)\s{0,80}["']?trust_remote_code["']?\s{0,20}:\s{0,20}["']?(?:true|yes|on)\b/gi;
/** Tags of PyYAML that make plain values. */
const PLAIN_TAGS = /^(?:tuple|list|dict|str|unicode|int|long|float|bool|none|bytes|complex)$/;
const KNOWN_TAGGED = ['collections', 'numpy', 'torch', 'pathlib', 'nemo', 'omegaconf', 'transformers'];
const MOST = 200;

export const yamlCheck = defineArtifactCheck({
  id: CHECK,
  title: 'YAML configurations',
  description:
    'Finds what makes a reader of YAML import or call: Python tags, `_target_` values of Hydra and NeMo, loader modules of MLflow, trust in remote code.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'a target that starts a process',
      input: sampleInput('model:\n  _target_: os.system\n  command: id\n'),
      found: true,
    },
    { title: 'a Python tag', input: sampleInput('a: !!python/object/apply:os.system ["id"]\n'), found: true },
    {
      title: 'targets of the framework',
      input: sampleInput(
        'target: nemo.collections.asr.models.EncDecCTCModel\nencoder:\n  _target_: nemo.collections.asr.modules.ConvASREncoder\n',
      ),
      found: false,
    },
  ],
  recognise(probe) {
    const text = probeText(probe);
    if (text === null) return 'no';
    if (MARKS.test(withoutEscapes(text)) || looksLikeYaml(text)) return 'maybe';
    // Nothing but comments so far.
    return probe.size > probe.head.length && !/^[^\s#]/m.test(text) ? 'maybe' : 'no';
  },
  judge: (input) =>
    judged(input, { check: CHECK, format: 'yaml' }, async (outcome) => {
      const raw = await readText(input.source, TEXT_LIMIT_BYTES);
      if (raw === null) throw new ScanFault(`more than ${TEXT_LIMIT_BYTES} bytes`);
      judgeText(withoutEscapes(raw), outcome);
      return looksLikeYaml(raw.slice(0, 66_000)) || outcome.hasFindings() ? 'yaml' : 'unknown';
    }),
});

/** Most lines at the left edge are keys, items or document marks. */
function looksLikeYaml(text: string): boolean {
  const lines = text
    .split('\n', 200)
    .slice(0, 199)
    .filter((line) => /^[^\s#]/.test(line));
  const fitting = lines.filter((line) =>
    /^(?:---|\.\.\.|%YAML|%TAG|- |["']?[\w./ -]{1,80}["']?\s?:(?:\s|$))/.test(line),
  );
  return lines.length > 0 && fitting.length * 10 >= lines.length * 7 && !text.includes('```');
}

/** Characters spelled as escapes, as double quotes allow, so that a spelled `_target_` is one. */
function withoutEscapes(text: string): string {
  if (!/\\[xuU]/.test(text)) return text;
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U0000([0-9a-fA-F]{4}))/g, (_, x, u, wide) =>
    String.fromCharCode(Number.parseInt(x ?? u ?? wide, 16)),
  );
}

function judgeText(text: string, outcome: OutcomeBuilder): void {
  const find = (finding: Omit<ArtifactFinding, 'path' | 'offset'>, index: number) =>
    outcome.find({ ...finding, offset: byteOffset(text, index) });
  for (const match of limited(text, TARGET)) {
    const value = (match[1] ?? '').trim().replace(/^["']|["']$/g, '');
    if (/^[\w.:]{1,300}$/.test(value)) {
      judgeTarget(value, ({ check, severity, kind, message, evidence = {} }) =>
        find({ check, severity, kind, message, evidence }, match.index),
      );
    } else if (value !== '' && value !== '???' && value !== 'null') {
      find(
        {
          check: CHECK,
          severity: 'medium',
          kind: 'unknown-import',
          message: `What is called is computed: "${cut(value, 80)}".`,
          evidence: { excerpt: [cut(value)] },
        },
        match.index,
      );
    }
  }
  for (const match of limited(text, TAG))
    judgeTag(match[1] ?? '', match[2] ?? '', (hit) => find(hit, match.index));
  for (const match of limited(text, LOADER)) {
    const module = match[1] ?? '';
    if (module === 'mlflow' || module.startsWith('mlflow.')) continue;
    const isDangerous = judgeName(module).is === 'dangerous';
    find(
      {
        check: CHECK,
        severity: isDangerous ? 'critical' : 'medium',
        kind: isDangerous ? 'executes-on-load' : 'unknown-import',
        message: `Loading imports the loader module ${cut(module, 120)}.`,
        evidence: { import: module },
      },
      match.index,
    );
  }
  for (const match of limited(text, TRUST)) {
    find(
      {
        check: CHECK,
        severity: 'medium',
        kind: 'unsafe-config',
        message: 'Code of the repository is trusted without asking (trust_remote_code).',
        evidence: { capability: 'code' },
      },
      match.index,
    );
  }
}

function judgeTag(
  tag: string,
  name: string,
  find: (finding: Omit<ArtifactFinding, 'path' | 'offset'>) => void,
): void {
  if (PLAIN_TAGS.test(tag)) return;
  const judgement = judgeName(name, KNOWN_TAGGED);
  if (judgement.is === 'harmless' && !tag.startsWith('module')) return;
  const isDangerous = judgement.is === 'dangerous' || name === '';
  find({
    check: CHECK,
    severity: isDangerous ? 'critical' : 'medium',
    kind: isDangerous ? 'executes-on-load' : 'unknown-import',
    message: `A Python tag (${cut(tag, 40)}) makes the reader ${tag.startsWith('name') ? 'import' : 'call'} ${cut(name, 120) || 'something'}.`,
    evidence: { import: cut(name), ...(judgement.capability ? { capability: judgement.capability } : {}) },
  });
}

function* limited(text: string, pattern: RegExp): Generator<RegExpExecArray> {
  let count = 0;
  for (const match of text.matchAll(pattern)) {
    yield match as RegExpExecArray;
    count += 1;
    if (count >= MOST) return;
  }
}
