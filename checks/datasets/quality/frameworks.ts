import type { FrameworkRef } from '../../define.ts';

/** What personal data, secrets and confidential documents in data lead to once a model has learned or found them. */
export const DISCLOSURE: readonly FrameworkRef[] = [
  { framework: 'OWASP-LLM', edition: '2026', id: 'LLM02', name: 'Sensitive Information Disclosure' },
  { framework: 'OWASP-LLM', edition: '2025', id: 'LLM02', name: 'Sensitive Information Disclosure' },
  { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0057', name: 'LLM Data Leakage' },
  {
    framework: 'NIST-100-2',
    edition: 'e2025',
    id: 'NISTAML.036',
    name: 'Leaking information from user interactions',
  },
];

/** Instructions in documents that a model will read. */
export const INDIRECT_INJECTION: readonly FrameworkRef[] = [
  { framework: 'OWASP-LLM', edition: '2026', id: 'LLM01', name: 'Prompt Injection' },
  { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0051', name: 'LLM Prompt Injection' },
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.015', name: 'Indirect Prompt Injection' },
];

/** Bad data, whoever brought it in. */
export const DATA_QUALITY: readonly FrameworkRef[] = [
  { framework: 'OWASP-LLM', edition: '2025', id: 'LLM04', name: 'Data and Model Poisoning' },
  { framework: 'OWASP-LLM', edition: '2026', id: 'LLM05', name: 'Data and Model Poisoning' },
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.013', name: 'Data Poisoning' },
];
