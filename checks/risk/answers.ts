import { ACT_QUESTIONS } from './act-questions.ts';
import { TIER_QUESTIONS } from './tier-questions.ts';
import type { RiskAnswers, RiskOption, RiskQuestion } from './types.ts';

/** Of the questions and of how they are judged; older answers are kept and called outdated. */
export const QUESTIONNAIRE_VERSION = 1;
export const QUESTIONS: readonly RiskQuestion[] = Object.freeze([...TIER_QUESTIONS, ...ACT_QUESTIONS]);

/** The chosen values of a question; none where it has no answer. */
export function valuesOf(answers: RiskAnswers, question: string): readonly string[] {
  const given = Object.hasOwn(answers, question) ? answers[question] : undefined;
  if (given === undefined || given === '') return [];
  return typeof given === 'string' ? [given] : given;
}

/** The chosen options, in the order in which the question lists them. */
export function chosen(question: RiskQuestion, answers: RiskAnswers): RiskOption[] {
  const values = valuesOf(answers, question.id);
  return question.options.filter(({ value }) => values.includes(value));
}

/** The questions that these answers lead to. */
export function asked(answers: RiskAnswers): RiskQuestion[] {
  return QUESTIONS.filter(
    ({ when }) =>
      when === null || valuesOf(answers, when.question).some((value) => when.anyOf.includes(value)),
  );
}

/** Ids of questions that are asked and have no answer. */
export function missing(answers: RiskAnswers): string[] {
  return asked(answers)
    .filter((question) => chosen(question, answers).length === 0)
    .map(({ id }) => id);
}

export interface AnswerProblem {
  readonly question: string;
  readonly message: string;
}

function problemOf(question: RiskQuestion, answers: RiskAnswers): string | null {
  const values = valuesOf(answers, question.id);
  const strange = values.find((value) => !question.options.some((option) => option.value === value));
  if (strange !== undefined) {
    return `"${strange.slice(0, 60)}" is none of its answers: ${question.options.map(({ value }) => value).join(', ')}`;
  }
  if (new Set(values).size < values.length) return 'an answer is given twice';
  if (!question.many && values.length > 1) return 'it takes one answer';
  const alone = values.find((value) => question.exclusive.includes(value));
  return alone !== undefined && values.length > 1 ? `"${alone}" stands alone` : null;
}

/** What is wrong with answers as such, whether all are there or not; empty when nothing is. */
export function answerProblems(answers: RiskAnswers): AnswerProblem[] {
  const unknown = Object.keys(answers)
    .filter((id) => !QUESTIONS.some((question) => question.id === id))
    .map((id) => ({ question: id, message: 'there is no such question' }));
  const wrong = QUESTIONS.flatMap((question) => {
    const message = problemOf(question, answers);
    return message === null ? [] : [{ question: question.id, message }];
  });
  return [...unknown, ...wrong];
}
