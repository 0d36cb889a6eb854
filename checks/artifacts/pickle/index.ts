import { z } from 'zod';
import { CODE_IN_FILE_MAPS } from '../maps.ts';
import { defineArtifactCheck } from '../types.ts';
import { PICKLE_CHECK } from './findings.ts';
import { judgePickle, recognisePickle } from './judge.ts';
import { PICKLE_SAMPLES } from './samples.ts';

/** Reads pickles as a loader would, without building or calling anything. */
export const pickleCheck = defineArtifactCheck({
  id: PICKLE_CHECK,
  title: 'Pickle',
  description:
    'Finds what loading a pickle would import and call, and what payloads lie in its data. Only names that are known to rebuild plain models pass; nothing is ever loaded.',
  maps: CODE_IN_FILE_MAPS,
  config: z.object({}),
  samples: PICKLE_SAMPLES,
  recognise: recognisePickle,
  judge: (input) => judgePickle(input),
});
