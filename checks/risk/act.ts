import { type ActRole, APPLIES, ARTICLES, HIGH_RISK_DUTIES } from './act-law.ts';
import {
  ACT_QUESTIONS,
  AREA_VALUES,
  EXCEPTION_VALUES,
  OUTSIDE,
  PRACTICE_VALUES,
  TRANSPARENCY_VALUES,
  UNKNOWN,
} from './act-questions.ts';
import { asked, chosen, valuesOf } from './answers.ts';
import { type ActClass, CLASSES, type RiskAnswers, type RiskQuestion } from './types.ts';

export interface ActDuty {
  readonly article: string;
  readonly title: string;
  readonly role: string;
  readonly why: string;
  /** ISO 8601 date. */
  readonly appliesFrom: string;
}

export interface ActReason {
  readonly text: string;
  readonly reference: string;
  readonly question: string;
  readonly answer: string;
}

export interface ActSuggestion {
  readonly suggested: ActClass;
  /** Further classes whose duties come on top. */
  readonly also: ActClass[];
  readonly roles: string[];
  /** Every question that led to it, with its answer; those that decided first. */
  readonly reasons: ActReason[];
  readonly duties: ActDuty[];
  /** What must be looked at before it can be relied on. */
  readonly open: string[];
}

/** What the answers say, before anything is concluded. */
interface Facts {
  readonly roles: readonly ActRole[];
  readonly outside: boolean;
  readonly practices: readonly string[];
  readonly areas: readonly string[];
  readonly product: boolean;
  readonly profiling: 'yes' | 'no' | 'unknown';
  readonly exceptions: readonly string[];
  readonly publicService: boolean;
  readonly transparency: readonly string[];
}

function factsOf(answers: RiskAnswers): Facts {
  const among = (question: string, values: readonly string[]) =>
    valuesOf(answers, question).filter((value) => values.includes(value));
  const profiling = valuesOf(answers, 'profiling')[0];
  const roles = among('roles', [
    'provider',
    'deployer',
    'importer',
    'distributor',
    'gpai-provider',
    'gpai-systemic-provider',
  ]) as ActRole[];
  return {
    roles,
    outside: valuesOf(answers, 'roles').includes(OUTSIDE),
    practices: among('practices', PRACTICE_VALUES),
    areas: among('areas', AREA_VALUES),
    product: valuesOf(answers, 'product').includes('yes'),
    profiling: profiling === 'yes' || profiling === 'no' ? profiling : 'unknown',
    exceptions: among('exceptions', EXCEPTION_VALUES),
    publicService: valuesOf(answers, 'publicService').includes('yes'),
    transparency: among('transparency', TRANSPARENCY_VALUES),
  };
}

/** Art. 6(3): a listed system that only does one of four things, unless it profiles people, which nobody may assume away. */
const isExcepted = ({ exceptions, profiling }: Facts): boolean => exceptions.length > 0 && profiling === 'no';

/** Every class that the facts fall under. */
function classesOf(facts: Facts): Set<ActClass> {
  if (facts.outside) return new Set(['out-of-scope']);
  const found = new Set<ActClass>(['minimal']);
  if (facts.transparency.length > 0) found.add('transparency');
  if (facts.roles.some((role) => role.startsWith('gpai'))) found.add('gpai');
  if (facts.product || (facts.areas.length > 0 && !isExcepted(facts))) found.add('high-risk');
  if (facts.practices.length > 0) found.add('prohibited');
  return found;
}

/** What an answer means for the class, in one sentence. */
function meaningOf(question: RiskQuestion, facts: Facts): { text: string; decides: boolean } {
  const nothing = (text: string) => ({ text, decides: false });
  switch (question.id) {
    case 'roles':
      return facts.outside
        ? { text: 'The Act does not reach it as long as this holds.', decides: true }
        : facts.roles.some((role) => role.startsWith('gpai'))
          ? { text: 'Who offers a general-purpose model has duties of its own.', decides: true }
          : nothing('Duties follow the role.');
    case 'practices':
      return facts.practices.length > 0
        ? { text: 'This practice is prohibited.', decides: true }
        : nothing('No prohibited practice is named.');
    case 'product':
      return facts.product
        ? { text: 'Safety parts and products that a third party must assess are high-risk.', decides: true }
        : nothing('No product of Annex I makes it high-risk.');
    case 'areas':
      return facts.areas.length > 0
        ? { text: 'This purpose is listed as high-risk.', decides: true }
        : nothing('No purpose that is listed as high-risk is named.');
    case 'profiling':
      return facts.profiling === 'yes'
        ? { text: 'A listed system that profiles people is always high-risk.', decides: true }
        : facts.profiling === 'no'
          ? nothing('No profiling stands against an exception.')
          : { text: 'Until it is known that nobody is profiled, no exception is open.', decides: true };
    case 'exceptions':
      if (facts.exceptions.length === 0) return nothing('No exception is claimed.');
      return isExcepted(facts)
        ? { text: 'The exception takes the listed purpose out of the high-risk class.', decides: true }
        : { text: 'An exception is claimed, but it is not open.', decides: false };
    case 'publicService':
      return nothing(
        facts.publicService
          ? 'A deployer like this assesses the impact on fundamental rights first.'
          : 'No public service is named.',
      );
    default:
      return facts.transparency.length > 0
        ? { text: 'People must be told.', decides: true }
        : nothing('Nothing that people must be told of is named.');
  }
}

function reasonsOf(answers: RiskAnswers, facts: Facts): ActReason[] {
  const shown = new Set(asked(answers).map(({ id }) => id));
  const all = ACT_QUESTIONS.filter(({ id }) => shown.has(id)).map((question) => {
    const options = chosen(question, answers);
    const { text, decides } = meaningOf(question, facts);
    const unanswered = options.length === 0;
    return {
      decides,
      text: unanswered ? 'Not answered yet.' : text,
      reference: options
        .map(({ reference }) => reference)
        .filter((reference) => reference !== '')
        .join('; '),
      question: question.title,
      answer: unanswered ? '' : options.map(({ label }) => label).join('; '),
    };
  });
  return all
    .toSorted((a, b) => Number(b.decides) - Number(a.decides))
    .map(({ text, reference, question, answer }) => ({ text, reference, question, answer }));
}

const SYSTEM_ROLES = ['provider', 'deployer', 'importer', 'distributor'] as const;

function dutiesOf(facts: Facts, classes: ReadonlySet<ActClass>): ActDuty[] {
  const duties: ActDuty[] = [];
  const add = (article: string, role: string, why: string, appliesFrom: string) =>
    duties.push({ article, title: ARTICLES[article] ?? '', role, why, appliesFrom });
  const has = (role: ActRole) => facts.roles.includes(role);
  if (facts.outside) return [];
  if (classes.has('prohibited')) {
    const onlyNew = facts.practices.every((practice) => practice === 'intimate-images');
    add(
      '5',
      'everybody',
      'It may not be offered or used.',
      onlyNew ? APPLIES.newProhibition : APPLIES.prohibitions,
    );
  }
  if (classes.has('high-risk')) {
    const listed = facts.areas.length > 0 && !isExcepted(facts);
    const from = listed ? APPLIES.annexThree : APPLIES.annexOne;
    for (const role of SYSTEM_ROLES.filter(has)) {
      for (const article of HIGH_RISK_DUTIES[role]) {
        // The right to an explanation is about listed systems, critical infrastructure left out.
        if (article === '86' && (!listed || facts.areas.every((area) => area === '2'))) continue;
        add(article, role, 'It is high-risk.', from);
      }
    }
    if (has('deployer') && listed && owesRightsAssessment(facts)) {
      add('27', 'deployer', 'A public service, credit or insurance is concerned.', APPLIES.annexThree);
    }
  }
  if (facts.areas.length > 0 && isExcepted(facts) && has('provider')) {
    add('6(4)', 'provider', 'An exception is claimed.', APPLIES.annexThree);
  }
  if (classes.has('transparency')) {
    const provides = facts.transparency.some((one) => one === 'interacts' || one === 'generates');
    const deploys = facts.transparency.some((one) => one === 'emotions' || one === 'deep-fakes');
    if (has('provider') && provides) add('50', 'provider', 'People must be told.', APPLIES.transparency);
    if (has('deployer') && deploys) add('50', 'deployer', 'People must be told.', APPLIES.transparency);
  }
  if (classes.has('gpai')) {
    add('53', 'provider of the model', 'It is offered for many purposes.', APPLIES.gpai);
    if (has('gpai-systemic-provider')) {
      add('55', 'provider of the model', 'It has systemic risk.', APPLIES.gpai);
    }
  }
  for (const role of (['provider', 'deployer'] as const).filter(has)) {
    add('4', role, 'People who work with it must know enough.', APPLIES.literacy);
  }
  return duties;
}

/** Art. 27(1): public bodies and services, critical infrastructure left out, and everybody for credit and insurance. */
function owesRightsAssessment({ areas, publicService }: Facts): boolean {
  const money = areas.some((area) => area === '5b' || area === '5c');
  return money || (publicService && areas.some((area) => area !== '2'));
}

function openPoints(answers: RiskAnswers, facts: Facts): string[] {
  const unknown = asked(answers)
    .filter(({ part, id }) => part === 'act' && valuesOf(answers, id).includes(UNKNOWN))
    .map(({ title }) => `Find out: ${title}`);
  return [
    ...unknown,
    ...(facts.practices.length > 0 && !facts.outside
      ? ['Stop, and have a lawyer look at Art. 5 and its exceptions before anything else.']
      : []),
    ...(facts.areas.length > 0 && !facts.outside && isExcepted(facts)
      ? [
          'Put down in writing why it poses no significant risk (Art. 6(4)); without that the exception does not hold.',
        ]
      : []),
    ...(facts.exceptions.length > 0 && facts.profiling === 'unknown' && !facts.outside
      ? ['Settle whether it profiles people: if it does, no exception is open.']
      : []),
  ];
}

/**
 * The class of Regulation (EU) 2024/1689 that the answers point to, with every question that led to it, and the
 * duties that follow. A suggestion from what people said, and no legal advice. A worse answer never leads to a
 * lesser class.
 */
export function suggestClass(answers: RiskAnswers): ActSuggestion {
  const facts = factsOf(answers);
  const classes = classesOf(facts);
  const suggested = CLASSES.findLast((one) => classes.has(one)) ?? 'minimal';
  return {
    suggested,
    also: CLASSES.filter((one) => one !== suggested && one !== 'minimal' && classes.has(one)),
    roles: facts.outside ? [] : [...facts.roles],
    reasons: reasonsOf(answers, facts),
    duties: dutiesOf(facts, classes),
    open: openPoints(answers, facts),
  };
}
