import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import { type ArtifactFinding, defineArtifactCheck, type FindingKind } from '../../types.ts';
import { judged } from '../core/judge.ts';
import { sampleInput } from '../core/sample.ts';
import { byteOffset, probeText, readText, TEXT_LIMIT_BYTES } from '../core/text.ts';
import { judgeTemplate } from './judge.ts';

export const JINJA_CHECK = 'artifacts/jinja';
const KIND: FindingKind = 'executes-on-use';

/** The findings of a template that lies inside another file at `offset`; `where` names its place there. */
export function templateFindings(
  template: string,
  place: { readonly where: string; readonly offset: number; readonly check?: string },
): Omit<ArtifactFinding, 'path'>[] {
  return judgeTemplate(template).map(({ severity, message, excerpt, offset }) => ({
    check: place.check ?? JINJA_CHECK,
    severity,
    kind: KIND,
    message: `${place.where}: ${message}`,
    offset: place.offset,
    evidence: { capability: 'code', excerpt: [excerpt], details: { templateOffset: offset } },
  }));
}

const LOADS = /^The template loads another one/;

/** A text that starts with code is a template; one that has some further down may be prose about templates. */
const STARTS = /^\s{0,1000}\{[{%#]/;

export const jinjaCheck = defineArtifactCheck({
  id: JINJA_CHECK,
  title: 'Jinja templates',
  description:
    'Reads chat templates as tokens, without rendering them, and finds what reaches for the Python interpreter: special attributes, renderer objects, attribute names put together from pieces.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'walks to os.popen',
      input: sampleInput(
        "{% for c in ().__class__.__base__.__subclasses__() %}{{ c()._module.__builtins__['__import__']('os').popen('id').read() }}{% endfor %}",
      ),
      found: true,
    },
    {
      title: 'spells a special name in pieces',
      input: sampleInput("{% set a = '__cla' %}{{ ''[a ~ 'ss__'] }}"),
      found: true,
    },
    {
      title: 'an ordinary chat template',
      input: sampleInput(
        "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] | trim }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
      ),
      found: false,
    },
  ],
  recognise(probe) {
    const text = probeText(probe);
    return text !== null && /\{[{%]/.test(text) ? 'maybe' : 'no';
  },
  judge: (input) =>
    judged(input, { check: JINJA_CHECK, format: 'jinja' }, async (outcome) => {
      const text = await readText(input.source, TEXT_LIMIT_BYTES);
      if (text === null) return 'unknown';
      const isTemplate = STARTS.test(text);
      const found = judgeTemplate(text, { isProse: !isTemplate }).filter(
        ({ severity }) => isTemplate || severity === 'high',
      );
      for (const { severity, message, excerpt, offset } of found) {
        outcome.find({
          check: JINJA_CHECK,
          // A page's template may load others of its folder; a model's chat template has none to load.
          severity: isTemplate ? (LOADS.test(message) ? 'info' : severity) : 'medium',
          kind: KIND,
          message,
          offset: byteOffset(text, offset),
          evidence: { capability: 'code', excerpt: [excerpt] },
        });
      }
      return isTemplate || found.length > 0 ? 'jinja' : 'unknown';
    }),
});
