/** How much is at stake; weakest first. */
export const TIERS = ['minimal', 'limited', 'high', 'critical'] as const;
export type Tier = (typeof TIERS)[number];

/** Classes of Regulation (EU) 2024/1689, the weightiest last. */
export const CLASSES = [
  'out-of-scope',
  'minimal',
  'transparency',
  'gpai',
  'high-risk',
  'prohibited',
] as const;
export type ActClass = (typeof CLASSES)[number];

export interface RiskOption {
  readonly value: string;
  readonly label: string;
  readonly help: string;
  /** 1 (harmless) to 5; null in questions about the AI Act. */
  readonly level: 1 | 2 | 3 | 4 | 5 | null;
  /** Place in the AI Act; empty elsewhere. */
  readonly reference: string;
}

export interface RiskQuestion {
  readonly id: string;
  readonly part: 'impact' | 'exposure' | 'act';
  readonly title: string;
  readonly help: string;
  readonly many: boolean;
  /** Values that stand alone among many. */
  readonly exclusive: readonly string[];
  readonly options: readonly RiskOption[];
  /** Asked only after one of these answers; null: always. */
  readonly when: { readonly question: string; readonly anyOf: readonly string[] } | null;
}

/** By question id: an option's value, or several. */
export type RiskAnswers = Readonly<Record<string, string | readonly string[]>>;
