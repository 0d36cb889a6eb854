export type { ActDuty, ActReason, ActSuggestion } from './act.ts';
export { LAW_AS_OF, LAW_SOURCES } from './act-law.ts';
export { type AnswerProblem, answerProblems, QUESTIONNAIRE_VERSION, QUESTIONS } from './answers.ts';
export { type AxisScore, assessRisk, type RiskAssessment } from './assess.ts';
export {
  type ActClass,
  CLASSES,
  type RiskAnswers,
  type RiskOption,
  type RiskQuestion,
  TIERS,
  type Tier,
} from './types.ts';
