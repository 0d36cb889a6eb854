import { z } from 'zod';
import { weightFindings } from '../../../weights/findings.ts';
import { weightReport } from '../../../weights/report.ts';
import { WEIGHT_MAPS } from '../../maps.ts';
import { outcomeBuilder } from '../../outcome.ts';
import { defineArtifactCheck } from '../../types.ts';
import { sampleInput } from '../core/sample.ts';
import { recogniseOnnx } from '../onnx/recognise.ts';
import { looksLikeSafetensors } from '../safetensors/header.ts';
import { hiddenText, soundModel } from './build.ts';

const Config = z.object({
  weights: z.boolean().default(true).describe('Measure the weights (reads the whole file)'),
});

/** Whether the file breaks its format is the formats' own checks' to say: this one names no format. */
export const weightsCheck = defineArtifactCheck({
  id: 'artifacts/weights',
  title: 'Weights',
  description:
    'Measures every tensor of safetensors and ONNX files: numbers that are none, outliers within a family of tensors, tensors that are there twice, files and text hidden in the low bits. Only a payload that can be read out changes a verdict.',
  maps: WEIGHT_MAPS,
  config: Config,
  samples: [
    { title: 'weights as training leaves them', input: sampleInput(soundModel()), found: false },
    { title: 'text in the lowest bits', input: sampleInput(hiddenText()), found: true },
  ],
  recognise(probe) {
    if (looksLikeSafetensors(probe.head, probe.size)) return 'yes';
    return recogniseOnnx(probe) === 'yes' ? 'maybe' : 'no';
  },
  async judge({ source, context }, config) {
    const outcome = outcomeBuilder(context);
    if (config.weights) {
      // A file inside a container has nothing beside it that anybody could name.
      const beside = context.path === '' ? context.beside : undefined;
      const report = await weightReport([{ path: '', source }], {
        checkpoint: context.checkpoint,
        ...(beside === undefined ? {} : { beside }),
      });
      if (context.path === '') context.onWeights?.(report);
      for (const finding of weightFindings(report)) outcome.find(finding);
    }
    return outcome.finish('unknown');
  },
});
