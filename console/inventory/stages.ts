import type { VersionStage } from '@bartizan/contracts';

export const STAGE_TITLES: Readonly<Record<VersionStage, string>> = {
  none: 'No stage',
  staging: 'Staging',
  production: 'Production',
  archived: 'Archived',
};

export const SIGNATURE_TITLES = {
  trusted: 'signed',
  untrusted: 'signed by somebody who is not trusted here',
  invalid: 'its signature does not fit',
  unsigned: 'not signed',
} as const;
