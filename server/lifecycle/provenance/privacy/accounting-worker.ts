import { parentPort, workerData } from 'node:worker_threads';
import { PrivacyInputError, trainingEpsilon, trainingRdpEpsilon } from '@bartizan/checks/privacy/index.ts';
import type { DpSgd } from './accounting.ts';

const { delta, ...training } = workerData as DpSgd;
try {
  const rdp = trainingRdpEpsilon(training, delta).epsilon;
  const pld = trainingEpsilon(training, delta).epsilon;
  parentPort?.postMessage({ rdp, pld });
} catch (error) {
  if (!(error instanceof PrivacyInputError)) throw error;
  parentPort?.postMessage({ refused: error.message });
}
