import type { Severity } from '../../types.ts';
import { judgeName } from '../core/callable.ts';
import { isMild, unsafePath } from '../core/paths.ts';
import { payloadsIn } from '../core/payload.ts';
import { cut } from '../core/text.ts';
import { templateFindings } from '../jinja/index.ts';
import { isObject, type JsonObject, type JsonValue } from '../json/parse.ts';
import type { JsonRule, JsonVisit } from '../json/rules.ts';
import { judgeTarget } from '../yaml/target.ts';

const CHECK = 'artifacts/repository';
const PIPELINE_LIBRARIES = new Set([
  'diffusers',
  'transformers',
  'stable_diffusion',
  'onnxruntime',
  'optimum',
  'sentencepiece',
]);

/** Judges configurations of model repositories: what makes a loader run or fetch code of the repository. */
export const huggingfaceRule: JsonRule = (visit) => {
  const { object } = visit;
  autoMap(visit, object.auto_map);
  if (object.trust_remote_code === true || object.trust_remote_code === 'true') {
    unsafe(
      visit,
      'medium',
      'Code of the repository is trusted without asking (trust_remote_code).',
      'trust_remote_code',
    );
  }
  for (const key of ['custom_pipelines', 'custom_generate', 'custom_pipeline'] as const) {
    if (object[key] !== undefined && object[key] !== null) {
      unsafe(visit, 'medium', `The repository brings code of its own (${key}).`, key);
    }
  }
  templates(visit);
  weightMap(visit, object.weight_map);
  pipelineParts(visit);
  modulesList(visit);
  if (typeof object._target_ === 'string') judgeTarget(object._target_, visit.hit);
};

function unsafe(visit: JsonVisit, severity: Severity, message: string, needle: string): void {
  visit.hit({
    check: CHECK,
    severity,
    kind: 'unsafe-config',
    message,
    needle,
    evidence: { capability: 'code' },
  });
}

function autoMap(visit: JsonVisit, value: JsonValue | undefined): void {
  if (value === undefined || value === null) return;
  const targets = (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [value])
    .flat(2)
    .filter((target): target is string => typeof target === 'string');
  if (targets.length === 0) return;
  const foreign = targets.find((target) => target.includes('--'));
  unsafe(
    visit,
    'medium',
    foreign === undefined
      ? `Classes come from code in the repository (auto_map: ${cut(targets[0] ?? '', 80)}).`
      : `Classes come from code in another repository (auto_map: ${cut(foreign, 80)}).`,
    'auto_map',
  );
}

/** Values of keys that name a template, as text, list of named templates or object. */
function templates(visit: JsonVisit): void {
  for (const [key, value] of Object.entries(visit.object)) {
    if (!/template|prompt_format/i.test(key)) continue;
    const texts =
      typeof value === 'string'
        ? [value]
        : isObject(value)
          ? Object.values(value).filter((text) => typeof text === 'string')
          : [];
    for (const text of texts) {
      for (const { offset: _, ...finding } of templateFindings(text, { where: cut(key, 60), offset: 0 })) {
        visit.hit({ ...finding, needle: `"${key}"` });
      }
      for (const { what, excerpt } of payloadsIn(text)) {
        visit.hit({
          check: CHECK,
          severity: 'medium',
          kind: 'embedded-payload',
          message: `${cut(key, 60)} holds ${what}.`,
          needle: `"${key}"`,
          evidence: { excerpt: [excerpt] },
        });
      }
    }
  }
}

function weightMap(visit: JsonVisit, value: JsonValue | undefined): void {
  if (!isObject(value)) return;
  for (const file of new Set(Object.values(value))) {
    if (typeof file !== 'string') continue;
    const reason = unsafePath(file);
    if (reason === null) continue;
    visit.hit({
      check: CHECK,
      severity: isMild(reason) ? 'low' : 'high',
      kind: 'unsafe-path',
      message: `Weights lie at "${cut(file)}", which ${reason}.`,
      needle: file,
      evidence: { capability: 'file' },
    });
  }
}

/** `model_index.json`: parts of a pipeline are pairs of library and class; a library may be a file of the repository. */
function pipelineParts({ object, hit }: JsonVisit): void {
  if (typeof object._class_name !== 'string' || typeof object._diffusers_version !== 'string') return;
  for (const [part, value] of Object.entries(object)) {
    if (!Array.isArray(value) || typeof value[0] !== 'string') continue;
    if (PIPELINE_LIBRARIES.has(value[0])) continue;
    hit({
      check: CHECK,
      severity: 'medium',
      kind: 'unknown-import',
      message: `The part "${cut(part, 60)}" of the pipeline comes from "${cut(value[0], 60)}".`,
      needle: value[0],
      evidence: { import: cut(`${value[0]}.${String(value[1])}`) },
    });
  }
}

/** `modules.json` of sentence-transformers: `type` is imported. */
function modulesList({ object, hit }: JsonVisit): void {
  if (!isModule(object)) return;
  const type = String(object.type);
  const judgement = judgeName(type, ['sentence_transformers', 'torch.nn']);
  if (judgement.is === 'harmless') return;
  hit({
    check: CHECK,
    severity: judgement.is === 'dangerous' ? 'critical' : 'medium',
    kind: judgement.is === 'dangerous' ? 'executes-on-load' : 'unknown-import',
    message: `Loading imports the module type ${cut(type, 120)}.`,
    needle: type,
    evidence: { import: cut(type) },
  });
}

function isModule({ idx, name, path, type }: JsonObject): boolean {
  return (
    typeof idx === 'number' &&
    typeof name === 'string' &&
    typeof path === 'string' &&
    typeof type === 'string'
  );
}
