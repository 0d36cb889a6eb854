import type { Sign } from './signs.ts';

interface Mark {
  readonly pattern: RegExp;
  readonly score: number;
  /** A text in which the pattern matches holds one of these; to look for them costs a fraction of the pattern. */
  readonly needs: readonly string[];
}

/** Marks that only a chat template or a forged turn puts into a text. Patterns are bounded. */
const MARKS: readonly Mark[] = [
  {
    pattern:
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|end_header_id|eot_id|endofprompt|begin_of_text)\|>/g,
    score: 0.72,
    needs: ['<|'],
  },
  { pattern: /\[\/?inst\]|<<\/?sys>>|<start_of_turn>|<\/?s>\s{0,4}\[inst/g, score: 0.7, needs: ['[', '<'] },
  {
    pattern:
      /(?:^|\n)\s{0,8}#{2,4}\s{0,4}(?:system|instruction|new instruction|assistant|human|user|response)s?\s{0,4}(?:prompt|message|override|update)?\s{0,4}:/g,
    score: 0.5,
    needs: ['##'],
  },
  {
    pattern:
      /<\/?(?:system|system_prompt|system-prompt|sysprompt|admin|developer|assistant_instructions|system_message|instructions|new_instructions)\s{0,2}>/g,
    score: 0.45,
    needs: ['<'],
  },
  {
    pattern:
      /\[(?:system|admin|developer|sys|operator|root)(?: (?:message|note|prompt|override|instruction|instructions|notice|update|command|alert))?\]|\(system (?:message|note|prompt|override)\)/g,
    score: 0.5,
    needs: ['[', '(system'],
  },
  {
    pattern:
      /(?:^|\n)\s{0,8}(?:system|sysadmin|system prompt|system message|system note|system override)\s{0,4}:/g,
    score: 0.4,
    needs: ['sys'],
  },
  {
    pattern:
      /(?:^|\n)\s{0,8}(?:assistant|ai|bot|human|user)\s{0,4}:[^\n]{1,400}\n{1,3}\s{0,8}(?:assistant|ai|bot|human|user|system)\s{0,4}:/g,
    score: 0.2,
    needs: [':'],
  },
  {
    pattern:
      /\b(?:end|end of|stop|close) (?:of )?(?:the )?(?:system )?(?:prompt|instructions|system message|document|user input|untrusted (?:text|content|data))\b\s{0,4}(?:[-=#\]>*.]|$)/g,
    score: 0.4,
    needs: ['prompt', 'instructions', 'system message', 'document', 'user input', 'untrusted'],
  },
  {
    pattern:
      /[-=*#_]{4}\s{0,8}(?:begin |start |new |end )(?:of )?(?:system |user |admin |special )?(?:instructions?|prompt|message|rules|task)/g,
    score: 0.45,
    needs: ['instruction', 'prompt', 'message', 'rules', 'task'],
  },
  { pattern: /"role"\s{0,4}:\s{0,4}"(?:system|developer)"/g, score: 0.4, needs: ['"role"'] },
  {
    pattern:
      /<\/(?:context|document|data|input|user_data|user_input|tool_result|email|webpage)>\s{0,4}(?:please|now|urgent|important|ignore|say|tell|change|send|remember|forward|do not|\*\*|!)/g,
    score: 0.45,
    needs: ['</'],
  },
  {
    pattern:
      /\b(?:developer|debug|god|admin|maintenance|sudo|dan|jailbreak|unrestricted|dev) mode (?:is |has been |now )?(?:now )?(?:enabled|activated|on\b|active|unlocked)|\boperating in (?:developer|debug|dan|admin) mode\b/g,
    score: 0.45,
    needs: [' mode'],
  },
];

const MAY_MARK = /[<[#"]|system|prompt|:\s{0,4}|instructions/;

/** Signs of forged turns and delimiters in a folded text. */
export function findMarks(text: string): Sign[] {
  if (!MAY_MARK.test(text)) return [];
  const signs: Sign[] = [];
  for (const { pattern, score, needs } of MARKS) {
    if (!needs.some((part) => text.includes(part))) continue;
    let seen = 0;
    for (const match of text.matchAll(pattern)) {
      signs.push({ rule: 'delimiter', score, start: match.index, end: match.index + match[0].length });
      seen += 1;
      if (seen >= 8) break;
    }
  }
  return signs;
}
