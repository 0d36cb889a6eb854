import type { FrameworkRef } from '../../../define.ts';
import { LABEL_MAPS } from '../../labels/index.ts';

export const POISON_MAPS: readonly FrameworkRef[] = LABEL_MAPS;

export const BACKDOOR_MAPS: readonly FrameworkRef[] = [
  ...LABEL_MAPS.filter(({ framework }) => framework !== 'NIST-100-2'),
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.023', name: 'Backdoor Poisoning' },
];
