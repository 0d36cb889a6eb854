import type { FrameworkRef } from '../define.ts';

const SUPPLY_CHAIN: FrameworkRef = {
  framework: 'OWASP-LLM',
  edition: '2026',
  id: 'LLM04',
  name: 'Supply Chain',
};
const UNSAFE_ARTIFACTS: FrameworkRef = {
  framework: 'ATLAS',
  edition: '2026.07',
  id: 'AML.T0011.000',
  name: 'Unsafe AI Artifacts',
};
const EMBED_MALWARE: FrameworkRef = {
  framework: 'ATLAS',
  edition: '2026.07',
  id: 'AML.T0018.002',
  name: 'Embed Malware',
};

/** What a booby-trapped model file is in the published frameworks. */
export const MODEL_FILE_MAPS: readonly FrameworkRef[] = Object.freeze([SUPPLY_CHAIN, UNSAFE_ARTIFACTS]);

/** The same of a file that carries code which runs when it is loaded. */
export const CODE_IN_FILE_MAPS: readonly FrameworkRef[] = Object.freeze([
  SUPPLY_CHAIN,
  UNSAFE_ARTIFACTS,
  EMBED_MALWARE,
]);

/** Payloads and backdoors in the numbers or the graph of a model. */
export const WEIGHT_MAPS: readonly FrameworkRef[] = Object.freeze([
  SUPPLY_CHAIN,
  { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0018', name: 'Manipulate AI Model' },
  EMBED_MALWARE,
]);
