import type { RiskOption, RiskQuestion } from './types.ts';

type Level = 1 | 2 | 3 | 4 | 5;
const option = (level: Level, value: string, label: string, help = ''): RiskOption =>
  Object.freeze({ value, label, help, level, reference: '' });
/** What nobody knows is taken for bad until somebody looks. */
const unknown = option(4, 'unknown', 'Nobody knows', 'Counts as level 4 until somebody finds out.');

const ask = (
  part: 'impact' | 'exposure',
  id: string,
  words: { readonly title: string; readonly help: string },
  options: readonly RiskOption[],
): RiskQuestion =>
  Object.freeze({
    ...words,
    id,
    part,
    many: false,
    exclusive: [],
    when: null,
    options: Object.freeze([...options, unknown]),
  });

/** What a wrong or misused answer of the system can do. Options go from harmless to worst. */
const IMPACT: readonly RiskQuestion[] = [
  ask(
    'impact',
    'decisions',
    {
      title: 'What does its output do to decisions?',
      help: 'Think of the step after the output: who or what acts on it.',
    },
    [
      option(1, 'none', 'No decision depends on it', 'For example drafts, search, code completion.'),
      option(2, 'informs', 'It informs people who decide by other means too'),
      option(3, 'recommends', 'It recommends, and people mostly follow'),
      option(4, 'decides-reviewed', 'It decides, and a person can overrule it'),
      option(5, 'decides', 'It decides, and nobody looks'),
    ],
  ),
  ask(
    'impact',
    'harm',
    {
      title: 'What is the worst that a wrong output can realistically do?',
      help: 'To people or to the organisation; take the worse of the two.',
    },
    [
      option(1, 'none', 'Next to nothing'),
      option(2, 'nuisance', 'Annoyance or lost time'),
      option(3, 'recoverable', 'Money or chances lost that can be made good'),
      option(
        4,
        'serious',
        'A job, credit, home or right lost; a loss in the millions',
        'Or a breach that must be reported.',
      ),
      option(5, 'grave', 'Health, life, liberty, or the existence of the organisation'),
    ],
  ),
  ask(
    'impact',
    'undo',
    {
      title: 'How soon is a wrong outcome noticed and put right?',
      help: 'Noticing counts: what nobody sees is not put right.',
    },
    [
      option(1, 'at-once', 'At once, by the one who uses it'),
      option(2, 'days', 'Within days'),
      option(3, 'weeks', 'Within weeks, with effort'),
      option(4, 'partly', 'Late, and only in part'),
      option(5, 'never', 'It cannot be undone'),
    ],
  ),
  ask(
    'impact',
    'people',
    {
      title: 'Are the people concerned in a weak position?',
      help: 'Children, patients, applicants, people in debt, people who depend on the organisation.',
    },
    [
      option(1, 'nobody', 'No people are concerned'),
      option(2, 'no', 'No'),
      option(3, 'some', 'Some may be'),
      option(4, 'many', 'Many are'),
      option(5, 'mainly', 'It is made for them, or acts mainly on them'),
    ],
  ),
  ask(
    'impact',
    'data',
    {
      title: 'What is the most sensitive data that it sees or holds?',
      help: 'Prompts, files it reads, training data and what it remembers.',
    },
    [
      option(1, 'public', 'Public'),
      option(2, 'internal', 'Internal'),
      option(3, 'personal', 'Personal or confidential'),
      option(
        4,
        'special',
        'Health, beliefs, biometrics, secrets of the business',
        'Special categories: GDPR Art. 9.',
      ),
      option(5, 'special-at-scale', 'The same of very many people, or credentials'),
    ],
  ),
];

/** How likely it is that something goes wrong or is made to. Options go from closed to open. */
const EXPOSURE: readonly RiskQuestion[] = [
  ask('exposure', 'access', { title: 'Who can use it?', help: 'Directly or through a product of yours.' }, [
    option(1, 'few', 'A few named people'),
    option(2, 'staff', 'Everybody in the organisation'),
    option(3, 'partners', 'Partners or customers under contract'),
    option(4, 'registered', 'Anybody who signs up'),
    option(5, 'anybody', 'Anybody, without signing in'),
  ]),
  ask(
    'exposure',
    'number',
    {
      title: 'How many people does it affect in a year?',
      help: 'Users, and those about whom it says something.',
    },
    [
      option(1, 'under-100', 'Fewer than 100'),
      option(2, 'under-10k', 'Fewer than 10,000'),
      option(3, 'under-100k', 'Fewer than 100,000'),
      option(4, 'under-1m', 'Fewer than a million'),
      option(5, 'over-1m', 'A million or more'),
    ],
  ),
  ask(
    'exposure',
    'inputs',
    {
      title: 'Whose words and files does it read?',
      help: 'What outsiders can write may carry instructions to the model.',
    },
    [
      option(1, 'fixed', 'Only values that your own systems make'),
      option(2, 'staff', 'What your own people type or keep'),
      option(3, 'partners', 'What partners or signed-in customers send'),
      option(4, 'outsiders', 'E-mail, uploads or tickets from anybody'),
      option(5, 'web', 'Web pages and other places that anybody can prepare'),
    ],
  ),
  ask(
    'exposure',
    'actions',
    {
      title: 'What can it do by itself?',
      help: 'Tools, plug-ins and programs that act on its output unasked.',
    },
    [
      option(1, 'answers', 'Nothing but answer'),
      option(2, 'reads', 'Look things up'),
      option(3, 'asks-first', 'Change things, after a person agreed'),
      option(4, 'acts', 'Change data or send messages unasked'),
      option(5, 'powerful', 'Pay, delete, run code or give access unasked'),
    ],
  ),
  ask(
    'exposure',
    'oversight',
    {
      title: 'How is it guarded and watched?',
      help: 'Guards are policies of an endpoint that hold or block; watched means that somebody is told.',
    },
    [
      option(1, 'each', 'Guarded, and people check each output before it counts'),
      option(2, 'guarded', 'Guarded, watched, and samples are checked'),
      option(3, 'watched', 'Logged, and somebody looks regularly'),
      option(4, 'complaints', 'Somebody looks after complaints'),
      option(5, 'nobody', 'Neither guarded nor watched'),
    ],
  ),
];

export const TIER_QUESTIONS: readonly RiskQuestion[] = Object.freeze([...IMPACT, ...EXPOSURE]);
