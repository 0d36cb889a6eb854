import {
  answerProblems,
  assessRisk,
  LAW_AS_OF,
  LAW_SOURCES,
  QUESTIONNAIRE_VERSION,
  QUESTIONS,
} from '@bartizan/checks/risk/index.ts';
import type {
  ActClass,
  Answers,
  Questionnaire,
  RiskResult,
  RiskTier,
  RiskTrial,
  System,
} from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Caller } from '../../reviews/index.ts';
import type { StoredRisk } from './model.ts';
import type { InventoryDeps } from './ports.ts';
import type { SystemService } from './service.ts';

const NOTICE =
  'Tier and class are suggestions from your answers, and no legal advice. Dates are as of the day named; check the Official Journal.';

/** The questions as clients get them. */
export function questionnaire(): Questionnaire {
  return {
    version: QUESTIONNAIRE_VERSION,
    questions: QUESTIONS.map((question) => ({
      ...question,
      exclusive: [...question.exclusive],
      options: question.options.map((option) => ({ ...option })),
      when:
        question.when === null ? null : { question: question.when.question, anyOf: [...question.when.anyOf] },
    })),
    asOf: LAW_AS_OF,
    sources: LAW_SOURCES.map((source) => ({ ...source })),
    notice: NOTICE,
  };
}

/** What answers come to. Throws `invalid_input` for answers to other questions, or that cannot be. */
export function tryAnswers(answers: Answers): RiskResult {
  const problems = answerProblems(answers);
  if (problems.length > 0) {
    throw new AppError('invalid_input', 'these answers do not fit the questionnaire', {
      hint: 'Read the questionnaire for the questions and their answers.',
      issues: problems.map(({ question, message }) => ({ path: `answers.${question}`, message })),
    });
  }
  return assessRisk(answers);
}

/** As {@link tryAnswers}, for a trial: no class, and nothing that follows from one, while its questions are open. */
export function tryAssessment(answers: Answers): RiskTrial {
  const result = tryAnswers(answers);
  const missing = QUESTIONS.flatMap(({ id, part }) =>
    part === 'act' && result.missing.includes(id) ? [id] : [],
  );
  const unsettled = missing.length > 0 ? { suggested: null, also: [], duties: [] } : {};
  return { ...result, act: { ...result.act, ...unsettled, missing } };
}

export interface NewOverride {
  readonly tier: RiskTier | null;
  readonly actClass: ActClass | null;
  readonly reason: string;
}

export function createRiskService(deps: Pick<InventoryDeps, 'database' | 'clock'>, systems: SystemService) {
  const { database, clock } = deps;

  /** Throws where nobody could be asked why. */
  function demandPerson(actor: Caller): void {
    if (actor.kind === 'person' || typeof actor.ownerId === 'string') return;
    throw new AppError(
      'forbidden',
      'tier and class are set by hand by people, and nobody answers for this key',
      {
        hint: 'Use a key that belongs to a person, or the console.',
      },
    );
  }

  return Object.freeze({
    /** Keeps the answers; tier and class follow. Throws `invalid_input` while a question has no answer. */
    async assess(
      actor: Caller,
      id: string,
      given: { readonly answers: Answers; readonly note: string; readonly revision?: number | undefined },
    ): Promise<System> {
      await systems.find(actor, id);
      const result = tryAnswers(given.answers);
      if (result.missing.length > 0) {
        throw new AppError('invalid_input', 'some questions have no answer yet', {
          hint: 'Answer them; "unknown" is an answer too.',
          issues: result.missing.map((question) => ({
            path: `answers.${question}`,
            message: 'not answered',
          })),
        });
      }
      const now = clock.now();
      const after = await systems.change(
        database,
        actor,
        {
          id,
          revision: given.revision,
          act: () => ({ action: 'assessed', note: given.note }),
          next: ({ risk }) => ({
            risk: {
              suggested: { tier: result.tier, actClass: result.act.suggested },
              impact: result.impact.score,
              exposure: result.exposure.score,
              override: risk?.override ?? null,
              assessedAt: now,
              assessedBy: actor.name,
              questionnaire: result.questionnaire,
            },
          }),
        },
        (tx, { at }) =>
          systems.store.addAssessment(tx, id, {
            id: uuidv7(at),
            at,
            by: actor.name,
            note: given.note,
            answers: given.answers,
            result,
          }),
      );
      return systems.shown(actor, after);
    },

    /** Sets tier or class by hand, or withdraws that. Throws `conflict` before the first assessment. */
    async override(actor: Caller, id: string, { tier, actClass, reason }: NewOverride): Promise<System> {
      demandPerson(actor);
      await systems.find(actor, id);
      const now = clock.now();
      const after = await systems.change(database, actor, {
        id,
        act: () => ({ action: 'overridden', note: reason }),
        next: ({ risk }): { risk: StoredRisk } => {
          if (risk === null) {
            throw new AppError(
              'conflict',
              'nothing can be set by hand before the questionnaire is answered',
              {
                hint: 'Answer it first: what is set by hand stands beside what the answers came to.',
              },
            );
          }
          const withdrawn = tier === null && actClass === null;
          const override = { tier, actClass, reason, by: actor.name, at: now, over: risk.suggested };
          return { risk: { ...risk, override: withdrawn ? null : override } };
        },
      });
      return systems.shown(actor, after);
    },
  });
}
export type RiskService = ReturnType<typeof createRiskService>;
