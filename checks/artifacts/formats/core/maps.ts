import type { FrameworkRef } from '../../../define.ts';

/** What a booby-trapped model file is in the published frameworks. */
export const MODEL_FILE_MAPS: readonly FrameworkRef[] = Object.freeze([
  { framework: 'OWASP-LLM', edition: '2026', id: 'LLM04', name: 'Supply Chain' },
  {
    framework: 'ATLAS',
    edition: '2026.07',
    id: 'AML.T0011.000',
    name: 'Unsafe AI Artifacts',
  },
]);
