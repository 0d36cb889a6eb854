import { judgeName } from '../core/callable.ts';
import { cut } from '../core/text.ts';
import type { JsonHit } from '../json/rules.ts';

const CHECK = 'artifacts/instantiate';
/** Frameworks whose configurations name their own classes so. */
const KNOWN = [
  'nemo',
  'nemo_text_processing',
  'megatron',
  'torch.nn',
  'torch.optim',
  'torch.utils.data',
  'torch.float16',
  'torch.float32',
  'torch.bfloat16',
  'torchvision',
  'torchaudio',
  'torchmetrics',
  'torchtune',
  'pytorch_lightning',
  'lightning',
  'transformers',
  'diffusers',
  'omegaconf',
  'monai',
  'timm',
  'numpy',
];

/** Judges the value of a `_target_`: Hydra and NeMo import it and call it (CVE-2025-23304). */
export function judgeTarget(target: string, hit: (hit: JsonHit) => void): void {
  const judgement = judgeName(target, KNOWN);
  if (judgement.is === 'harmless') return;
  const isDangerous = judgement.is === 'dangerous';
  hit({
    check: CHECK,
    severity: isDangerous ? 'critical' : 'medium',
    kind: isDangerous ? 'executes-on-load' : 'unknown-import',
    message: isDangerous
      ? `Loading calls ${cut(target, 120)}, which gives ${judgement.capability}.`
      : `Loading calls ${cut(target, 120)}, which is not known to be harmless.`,
    needle: target,
    evidence: { import: cut(target), ...(judgement.capability ? { capability: judgement.capability } : {}) },
  });
}
