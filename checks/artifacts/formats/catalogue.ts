import type { AnyArtifactCheck } from '../types.ts';
import { ggufCheck } from './gguf/index.ts';
import { jinjaCheck } from './jinja/index.ts';
import { onnxCheck } from './onnx/index.ts';
import { safetensorsCheck } from './safetensors/index.ts';

/** The checks of this folder, in the order in which they are asked: formats with a mark first. */
export const formatChecks: readonly AnyArtifactCheck[] = Object.freeze([
  safetensorsCheck,
  ggufCheck,
  onnxCheck,
  jinjaCheck,
] as unknown as AnyArtifactCheck[]);
