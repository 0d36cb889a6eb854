import { type ActSuggestion, suggestClass } from './act.ts';
import { chosen, missing, QUESTIONNAIRE_VERSION } from './answers.ts';
import { TIER_QUESTIONS } from './tier-questions.ts';
import { type ActClass, type RiskAnswers, TIERS, type Tier } from './types.ts';

export interface AxisScore {
  readonly score: number;
  readonly highest: number;
  readonly average: number;
  readonly answers: {
    readonly question: string;
    readonly title: string;
    readonly answer: string;
    readonly level: number;
    readonly answered: boolean;
  }[];
  readonly arithmetic: string;
}

export interface RiskAssessment {
  readonly questionnaire: number;
  readonly missing: string[];
  readonly impact: AxisScore;
  readonly exposure: AxisScore;
  readonly product: number;
  readonly tier: Tier;
  readonly steps: string[];
  readonly act: ActSuggestion;
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;

/**
 * One axis, 1 to 5: twice the highest level plus the average, divided by three and rounded. The highest weighs
 * more, so that one grave answer is not averaged away; the others still count. It grows with every level.
 */
function axis(part: 'impact' | 'exposure', answers: RiskAnswers): AxisScore {
  const lines = TIER_QUESTIONS.filter((question) => question.part === part).map((question) => {
    const option = chosen(question, answers)[0];
    return {
      question: question.id,
      title: question.title,
      answer: option?.label ?? '',
      level: option?.level ?? 1,
      answered: option !== undefined,
    };
  });
  const levels = lines.map(({ level }) => level);
  const sum = levels.reduce((total, level) => total + level, 0);
  const highest = Math.max(...levels);
  const average = sum / levels.length;
  // In whole numbers, so that no rounding error of a quotient decides: round((2·h·n + sum) / 3n).
  const n = levels.length;
  const score = Math.floor((2 * (2 * highest * n + sum) + 3 * n) / (6 * n));
  const exact = hundredths((2 * highest + average) / 3);
  return {
    score,
    highest,
    average: hundredths(average),
    answers: lines,
    arithmetic: `(2 × highest ${highest} + average ${hundredths(average)}) ÷ 3 = ${exact}, rounded to ${score}`,
  };
}

/** Up to which product of impact and exposure a tier goes. */
const UP_TO: readonly (readonly [most: number, tier: Tier])[] = [
  [4, 'minimal'],
  [9, 'limited'],
  [15, 'high'],
  [25, 'critical'],
];

const worse = (a: Tier, b: Tier): Tier => (TIERS.indexOf(a) >= TIERS.indexOf(b) ? a : b);

/** The least tier that a fact leads to by itself. */
function floorsOf(impact: number, suggested: ActClass): { readonly tier: Tier; readonly why: string }[] {
  return [
    ...(impact === 5 ? [{ tier: 'high' as const, why: 'impact 5' }] : []),
    ...(impact === 4 ? [{ tier: 'limited' as const, why: 'impact 4' }] : []),
    ...(suggested === 'high-risk'
      ? [{ tier: 'high' as const, why: 'the suggested AI Act class is high-risk' }]
      : []),
    ...(suggested === 'prohibited'
      ? [{ tier: 'critical' as const, why: 'a prohibited practice is named' }]
      : []),
  ];
}

function tierOf(impact: number, exposure: number, suggested: ActClass): { tier: Tier; steps: string[] } {
  const product = impact * exposure;
  let tier = UP_TO.find(([most]) => product <= most)?.[1] ?? 'critical';
  const steps = [
    `impact ${impact} × exposure ${exposure} = ${product}: ${tier} (up to 4 minimal, 9 limited, 15 high, 25 critical)`,
  ];
  for (const floor of floorsOf(impact, suggested)) {
    const next = worse(tier, floor.tier);
    if (next !== tier) steps.push(`${floor.why}: at least ${floor.tier}`);
    tier = next;
  }
  return { tier, steps };
}

/**
 * Works out tier and AI Act class from answers by question id. Questions without an answer count as level 1 and are
 * listed in `missing`: while there are any, the result is a lower bound. A worse answer never lowers the tier.
 */
export function assessRisk(answers: RiskAnswers): RiskAssessment {
  const impact = axis('impact', answers);
  const exposure = axis('exposure', answers);
  const act = suggestClass(answers);
  return {
    questionnaire: QUESTIONNAIRE_VERSION,
    missing: missing(answers),
    impact,
    exposure,
    product: impact.score * exposure.score,
    ...tierOf(impact.score, exposure.score, act.suggested),
    act,
  };
}
