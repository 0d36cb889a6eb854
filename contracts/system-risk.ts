import { z } from 'zod';
import { Instant } from './common.ts';

/** How much is at stake with a system; weakest first. */
export const RISK_TIERS = ['minimal', 'limited', 'high', 'critical'] as const;
export const RiskTier = z.enum(RISK_TIERS);
export type RiskTier = z.infer<typeof RiskTier>;

/**
 * Where a system stands in Regulation (EU) 2024/1689 (AI Act); weightiest last. `transparency`: Art. 50;
 * `gpai`: provider of a general-purpose model (Art. 51 to 55); `high-risk`: Art. 6; `prohibited`: Art. 5.
 */
export const ACT_CLASSES = [
  'out-of-scope',
  'minimal',
  'transparency',
  'gpai',
  'high-risk',
  'prohibited',
] as const;
export const ActClass = z.enum(ACT_CLASSES);
export type ActClass = z.infer<typeof ActClass>;

const Text = z.string().max(2000);

/** Answers by question id: the chosen option's value, or several where a question takes many. */
export const Answers = z
  .record(
    z.string().regex(/^[a-z][a-zA-Z0-9]{0,39}$/),
    z.union([z.string().max(60), z.array(z.string().max(60)).max(60)]),
  )
  .refine((answers) => Object.keys(answers).length <= 60, 'at most 60 answers');
export type Answers = z.infer<typeof Answers>;

export const QuestionOption = z.object({
  value: z.string(),
  label: z.string(),
  help: z.string(),
  /** 1 to 5 for questions of impact and exposure; null elsewhere. */
  level: z.number().int().min(1).max(5).nullable(),
  /** Where in the AI Act it stands, e.g. `Annex III, point 4(a)`; empty elsewhere. */
  reference: z.string(),
});
export type QuestionOption = z.infer<typeof QuestionOption>;

export const Question = z.object({
  id: z.string(),
  /** `impact` and `exposure` make the tier, `act` the suggested class. */
  part: z.enum(['impact', 'exposure', 'act']),
  title: z.string(),
  help: z.string(),
  /** Several options may be chosen; one with `exclusive` stands alone. */
  many: z.boolean(),
  exclusive: z.array(z.string()),
  options: z.array(QuestionOption),
  /** Asked only when one of these answers was given. Absent: always asked. */
  when: z.object({ question: z.string(), anyOf: z.array(z.string()) }).nullable(),
});
export type Question = z.infer<typeof Question>;

export const Questionnaire = z.object({
  version: z.number().int().positive(),
  questions: z.array(Question),
  /** The AI Act's dates and texts are data as of this day (ISO 8601). */
  asOf: z.string(),
  sources: z.array(z.object({ title: z.string(), url: z.string() })),
  notice: z.string(),
});
export type Questionnaire = z.infer<typeof Questionnaire>;

/** One axis: `score` = (2 × highest + average) ÷ 3, rounded to the nearest whole number. */
export const AxisResult = z.object({
  score: z.number().int().min(1).max(5),
  highest: z.number().int().min(1).max(5),
  average: z.number(),
  answers: z.array(
    z.object({
      question: z.string(),
      title: z.string(),
      answer: z.string(),
      level: z.number().int().min(1).max(5),
      /** False for a question without an answer, which then counts as level 1. */
      answered: z.boolean(),
    }),
  ),
  /** The calculation in one line. */
  arithmetic: z.string(),
});
export type AxisResult = z.infer<typeof AxisResult>;

export const Duty = z.object({
  article: z.string(),
  title: z.string(),
  /** Role that it falls on. */
  role: z.string(),
  why: z.string(),
  /** First day that it applies (ISO 8601 date). */
  appliesFrom: z.string(),
});
export type Duty = z.infer<typeof Duty>;

export const ActResult = z.object({
  suggested: ActClass,
  /** Further classes whose duties come on top. */
  also: z.array(ActClass),
  roles: z.array(z.string()),
  /** Each with the question and answer that led to it. */
  reasons: z.array(
    z.object({ text: z.string(), reference: z.string(), question: z.string(), answer: z.string() }),
  ),
  duties: z.array(Duty),
  /** What somebody still has to look at before the class can be relied on. */
  open: z.array(z.string()),
});
export type ActResult = z.infer<typeof ActResult>;

/** What a set of answers comes to. */
export const RiskResult = z.object({
  questionnaire: z.number().int().positive(),
  /** Ids of questions that are asked and have no answer. While there are any, nothing can be saved. */
  missing: z.array(z.string()),
  impact: AxisResult,
  exposure: AxisResult,
  /** impact × exposure. */
  product: z.number().int().min(1).max(25),
  tier: RiskTier,
  /** How the product became the tier, floors included. */
  steps: z.array(z.string()),
  act: ActResult,
});
export type RiskResult = z.infer<typeof RiskResult>;

/** What answers come to so far. */
export const RiskTrial = RiskResult.extend({
  act: ActResult.extend({
    /** Null while a question on the AI Act is open: a class from half the answers would be a guess. */
    suggested: ActClass.nullable(),
    /** Ids of the questions on the AI Act that are asked and have no answer. */
    missing: z.array(z.string()),
  }),
});
export type RiskTrial = z.infer<typeof RiskTrial>;

export const RiskOverride = z.object({
  /** Null leaves the suggestion. */
  tier: RiskTier.nullable(),
  actClass: ActClass.nullable(),
  reason: z.string(),
  by: z.string(),
  at: Instant,
  /** What the answers came to when it was overridden. */
  over: z.object({ tier: RiskTier, actClass: ActClass }),
});
export type RiskOverride = z.infer<typeof RiskOverride>;

/** What is said of a system's risk now. Tier and class are those in force: the override's, else the suggested. */
export const SystemRisk = z.object({
  tier: RiskTier,
  actClass: ActClass,
  suggested: z.object({ tier: RiskTier, actClass: ActClass }),
  impact: z.number().int().min(1).max(5),
  exposure: z.number().int().min(1).max(5),
  override: RiskOverride.nullable(),
  assessedAt: Instant,
  assessedBy: z.string(),
  questionnaire: z.number().int().positive(),
});
export type SystemRisk = z.infer<typeof SystemRisk>;

/** One time that the questionnaire was answered. */
export const SystemAssessment = z.object({
  id: z.string(),
  at: Instant,
  by: z.string(),
  note: Text,
  answers: Answers,
  result: RiskResult,
});
export type SystemAssessment = z.infer<typeof SystemAssessment>;
