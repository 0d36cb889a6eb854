import { artifactChecks } from '@bartizan/checks/artifacts/scan.ts';
import { deltaCheck } from '@bartizan/checks/weights/index.ts';

/** What findings of scans may be of. */
export const scanChecks = Object.freeze([...artifactChecks, deltaCheck]);
