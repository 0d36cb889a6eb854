/**
 * Facts of Regulation (EU) 2024/1689 (AI Act) that the suggestion rests on: article numbers, titles, dates. The
 * dates are those of Art. 113 as changed by the Digital Omnibus on AI, which the Council approved on 29 June 2026.
 */
export const LAW_AS_OF = '2026-11-21';

export const LAW_SOURCES: readonly { readonly title: string; readonly url: string }[] = Object.freeze([
  {
    title: 'Regulation (EU) 2024/1689, OJ L, 12.7.2024 (Art. 3, 5, 6, 26, 27, 50, 113, Annexes I and III)',
    url: 'https://eur-lex.europa.eu/eli/reg/2024/1689/oj',
  },
  {
    title:
      'Digital Omnibus on AI: changes to the application dates, approved by the Council of the EU on 29 June 2026',
    url: 'https://www.consilium.europa.eu/en/press/press-releases/',
  },
]);

/** First days on which something applies. */
export const APPLIES = Object.freeze({
  /** Art. 113(a). */
  prohibitions: '2025-02-02',
  /** Intimate pictures without consent, and abuse of children: added by the Digital Omnibus on AI. */
  newProhibition: '2026-12-02',
  literacy: '2025-02-02',
  /** Art. 113(b). */
  gpai: '2025-08-02',
  /** Art. 113. */
  transparency: '2026-08-02',
  /** Art. 6(2); 2 August 2026 before the Digital Omnibus on AI. */
  annexThree: '2027-12-02',
  /** Art. 6(1); 2 August 2027 before the Digital Omnibus on AI. */
  annexOne: '2028-08-02',
});

export type ActRole =
  | 'provider'
  | 'deployer'
  | 'importer'
  | 'distributor'
  | 'gpai-provider'
  | 'gpai-systemic-provider';

/** Titles of the articles that give duties. */
export const ARTICLES: Readonly<Record<string, string>> = Object.freeze({
  '4': 'AI literacy',
  '5': 'Prohibited AI practices',
  '6(4)': 'Documented assessment that a listed system is not high-risk',
  '9': 'Risk management system',
  '10': 'Data and data governance',
  '11': 'Technical documentation',
  '12': 'Record-keeping',
  '13': 'Transparency and provision of information to deployers',
  '14': 'Human oversight',
  '15': 'Accuracy, robustness and cybersecurity',
  '17': 'Quality management system',
  '19': 'Automatically generated logs',
  '20': 'Corrective actions and duty of information',
  '23': 'Obligations of importers',
  '24': 'Obligations of distributors',
  '26': 'Obligations of deployers of high-risk AI systems',
  '27': 'Fundamental rights impact assessment for high-risk AI systems',
  '43': 'Conformity assessment',
  '49': 'Registration',
  '50': 'Transparency obligations for providers and deployers of certain AI systems',
  '53': 'Obligations for providers of general-purpose AI models',
  '55': 'Obligations of providers of general-purpose AI models with systemic risk',
  '72': 'Post-market monitoring by providers and post-market monitoring plan for high-risk AI systems',
  '73': 'Reporting of serious incidents',
  '86': 'Right to explanation of individual decision-making',
});

/** Duties of each role for a high-risk system. */
export const HIGH_RISK_DUTIES: Readonly<Record<ActRole, readonly string[]>> = Object.freeze({
  provider: ['9', '10', '11', '12', '13', '14', '15', '17', '19', '20', '43', '49', '72', '73'],
  deployer: ['26', '86'],
  importer: ['23'],
  distributor: ['24'],
  'gpai-provider': [],
  'gpai-systemic-provider': [],
});
