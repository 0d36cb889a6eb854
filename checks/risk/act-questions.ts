import type { RiskOption, RiskQuestion } from './types.ts';

const option = (value: string, reference: string, label: string, help = ''): RiskOption =>
  Object.freeze({ value, label, help, level: null, reference });

export const NONE = 'none';
export const UNKNOWN = 'unknown';
export const OUTSIDE = 'outside';
const none = (label: string): RiskOption => option(NONE, '', label);
const unknown = option(UNKNOWN, '', 'Nobody knows', 'Stays open: the class cannot be relied on yet.');

/** Art. 5(1): what nobody may do. */
const PRACTICES: readonly RiskOption[] = [
  option(
    'manipulation',
    'Art. 5(1)(a)',
    'Manipulates or deceives people so that they harm themselves or others',
  ),
  option(
    'vulnerability',
    'Art. 5(1)(b)',
    'Exploits age, disability or hardship to make people act to their harm',
  ),
  option(
    'social-scoring',
    'Art. 5(1)(c)',
    'Scores people by their behaviour, to their disadvantage elsewhere',
  ),
  option('crime-prediction', 'Art. 5(1)(d)', 'Predicts crimes of a person from profiling or traits alone'),
  option('face-scraping', 'Art. 5(1)(e)', 'Gathers faces from the web or cameras at random for a database'),
  option(
    'emotion-at-work',
    'Art. 5(1)(f)',
    'Reads emotions at work or in education',
    'Allowed only for medical or safety reasons: then choose it under the areas below instead.',
  ),
  option('biometric-traits', 'Art. 5(1)(g)', 'Infers race, beliefs, orientation or the like from biometrics'),
  option(
    'live-identification',
    'Art. 5(1)(h)',
    'Identifies people live in public places for law enforcement',
  ),
  option(
    'intimate-images',
    'Art. 5, added by the Digital Omnibus on AI',
    'Makes intimate pictures of people without their consent, or pictures of abused children',
    'Prohibited from 2 December 2026.',
  ),
];

/** Annex III, by its points. */
const AREAS: readonly RiskOption[] = [
  option(
    '1a',
    'Annex III, point 1(a)',
    'Biometrics: identifies people from a distance',
    'Not a mere check that somebody is who they say.',
  ),
  option('1b', 'Annex III, point 1(b)', 'Biometrics: sorts people by sensitive traits'),
  option('1c', 'Annex III, point 1(c)', 'Biometrics: recognises emotions'),
  option(
    '2',
    'Annex III, point 2',
    'Critical infrastructure: a safety part of traffic, water, gas, heat, power or digital networks',
  ),
  option('3a', 'Annex III, point 3(a)', 'Education: decides on admission'),
  option('3b', 'Annex III, point 3(b)', 'Education: grades or steers learning'),
  option('3c', 'Annex III, point 3(c)', 'Education: says which level somebody can reach'),
  option('3d', 'Annex III, point 3(d)', 'Education: watches tests for cheating'),
  option('4a', 'Annex III, point 4(a)', 'Work: places job adverts, filters or judges applicants'),
  option('4b', 'Annex III, point 4(b)', 'Work: promotes, dismisses, assigns or watches workers'),
  option('5a', 'Annex III, point 5(a)', 'Services: grants or withdraws public benefits'),
  option(
    '5b',
    'Annex III, point 5(b)',
    'Services: judges whether people are good for credit',
    'Not for finding fraud.',
  ),
  option('5c', 'Annex III, point 5(c)', 'Services: prices life or health insurance'),
  option('5d', 'Annex III, point 5(d)', 'Services: sorts or dispatches emergency calls'),
  option('6a', 'Annex III, point 6(a)', 'Law enforcement: who may become a victim'),
  option('6b', 'Annex III, point 6(b)', 'Law enforcement: lie detectors and the like'),
  option('6c', 'Annex III, point 6(c)', 'Law enforcement: how reliable evidence is'),
  option('6d', 'Annex III, point 6(d)', 'Law enforcement: who may offend, not from profiling alone'),
  option('6e', 'Annex III, point 6(e)', 'Law enforcement: profiles people in investigations'),
  option('7a', 'Annex III, point 7(a)', 'Migration: lie detectors and the like'),
  option('7b', 'Annex III, point 7(b)', 'Migration: risks that come with a person'),
  option('7c', 'Annex III, point 7(c)', 'Migration: examines applications and complaints'),
  option(
    '7d',
    'Annex III, point 7(d)',
    'Migration: detects or identifies people',
    'Not the checking of travel documents.',
  ),
  option('8a', 'Annex III, point 8(a)', 'Justice: helps courts with facts and law'),
  option('8b', 'Annex III, point 8(b)', 'Democracy: influences elections or how people vote'),
];
export const AREA_VALUES: readonly string[] = Object.freeze(AREAS.map(({ value }) => value));
export const PRACTICE_VALUES: readonly string[] = Object.freeze(PRACTICES.map(({ value }) => value));

/** Art. 6(3): what may take a listed system out again. */
const EXCEPTIONS: readonly RiskOption[] = [
  option('narrow', 'Art. 6(3)(a)', 'It does a narrow procedural task'),
  option('improves', 'Art. 6(3)(b)', 'It polishes what a person finished before'),
  option('patterns', 'Art. 6(3)(c)', 'It only finds patterns in past decisions, for a person to look at'),
  option('preparatory', 'Art. 6(3)(d)', 'It only prepares an assessment that a person makes'),
];
export const EXCEPTION_VALUES: readonly string[] = Object.freeze(EXCEPTIONS.map(({ value }) => value));

const TRANSPARENCY: readonly RiskOption[] = [
  option('interacts', 'Art. 50(1)', 'Talks or writes with people directly'),
  option('generates', 'Art. 50(2)', 'Makes text, sound, pictures or video'),
  option('emotions', 'Art. 50(3)', 'Recognises emotions or sorts people by biometrics'),
  option('deep-fakes', 'Art. 50(4)', 'Makes deep fakes, or texts that inform the public'),
];
export const TRANSPARENCY_VALUES: readonly string[] = Object.freeze(TRANSPARENCY.map(({ value }) => value));

interface Words {
  readonly title: string;
  readonly help: string;
}

function ask(
  id: string,
  words: Words,
  options: readonly RiskOption[],
  rest: Partial<Pick<RiskQuestion, 'many' | 'exclusive' | 'when'>> = {},
): RiskQuestion {
  return Object.freeze({
    ...words,
    id,
    part: 'act',
    many: false,
    exclusive: [],
    when: null,
    options: Object.freeze([...options]),
    ...rest,
  });
}

const MANY = { many: true, exclusive: [NONE, UNKNOWN] } as const;
const listed = { question: 'areas', anyOf: AREA_VALUES } as const;

/** About the AI Act. What a later question needs stands before it. */
export const ACT_QUESTIONS: readonly RiskQuestion[] = Object.freeze([
  ask(
    'roles',
    {
      title: 'What are you to it in the European Union?',
      help: 'It counts too when only its output is used there.',
    },
    [
      option(
        'provider',
        'Art. 3(3)',
        'Provider: you develop it, or have it developed, and offer or run it under your name',
      ),
      option('deployer', 'Art. 3(4)', 'Deployer: you use it at work'),
      option('importer', 'Art. 3(6)', 'Importer: you bring it into the Union'),
      option('distributor', 'Art. 3(7)', 'Distributor: you pass it on'),
      option(
        'gpai-provider',
        'Art. 3(63)',
        'Provider of a general-purpose model',
        'You train and offer a model that serves many purposes.',
      ),
      option('gpai-systemic-provider', 'Art. 51', 'The same, with systemic risk'),
      option(OUTSIDE, 'Art. 2', 'None: neither it nor its output is offered or used in the Union'),
      unknown,
    ],
    { many: true, exclusive: [OUTSIDE, UNKNOWN] },
  ),
  ask(
    'practices',
    {
      title: 'Does it do any of this?',
      help: 'These practices are prohibited, with few exceptions that take a lawyer.',
    },
    [...PRACTICES, none('None of it'), unknown],
    MANY,
  ),
  ask(
    'product',
    {
      title: 'Is it a safety part of a regulated product, or one itself, that a third party must assess?',
      help: 'Machinery, toys, lifts, medical devices, vehicles, aircraft and others of Annex I.',
    },
    [option('no', '', 'No'), unknown, option('yes', 'Art. 6(1), Annex I', 'Yes')],
  ),
  ask(
    'areas',
    {
      title: 'Is it meant for one of these purposes?',
      help: 'What it is meant for counts, not what it could do.',
    },
    [...AREAS, none('None of them'), unknown],
    MANY,
  ),
  ask(
    'profiling',
    {
      title: 'Does it profile people?',
      help: 'Judges or predicts work, money, health, interests, behaviour or whereabouts of a person from personal data.',
    },
    [option('no', '', 'No'), unknown, option('yes', 'Art. 6(3)', 'Yes')],
    { when: listed },
  ),
  ask(
    'exceptions',
    {
      title: 'Does it pose no significant risk, because it does only one of these?',
      help: 'A way out of the high-risk class that must be put down in writing; never open where people are profiled.',
    },
    [...EXCEPTIONS, none('No'), unknown],
    { ...MANY, when: listed },
  ),
  ask(
    'publicService',
    {
      title: 'Are you a public body, or do you provide a public service?',
      help: 'Then an assessment of the impact on fundamental rights comes before the first use.',
    },
    [option('no', '', 'No'), unknown, option('yes', 'Art. 27(1)', 'Yes')],
    { when: listed },
  ),
  ask(
    'transparency',
    {
      title: 'What do people see or hear of it?',
      help: 'They must be told that it is a machine, or that it was made by one.',
    },
    [...TRANSPARENCY, none('None of this'), unknown],
    MANY,
  ),
]);
