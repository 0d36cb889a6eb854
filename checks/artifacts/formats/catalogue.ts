import type { AnyArtifactCheck } from '../types.ts';
import { ggufCheck } from './gguf/index.ts';
import { jinjaCheck } from './jinja/index.ts';
import { jsonCheck } from './json/index.ts';
import { hdf5Check } from './keras/hdf5.ts';
import { architectureCheck } from './onnx/architecture.ts';
import { onnxCheck } from './onnx/index.ts';
import { pythonCheck } from './python/index.ts';
import { safetensorsCheck } from './safetensors/index.ts';
import { tensorflowCheck } from './tensorflow/index.ts';
import { weightsCheck } from './weights/index.ts';
import { pmmlCheck } from './xml/index.ts';
import { yamlCheck } from './yaml/index.ts';

/** The checks of this folder, in the order in which they are asked: formats with a mark first. */
export const formatChecks: readonly AnyArtifactCheck[] = Object.freeze([
  safetensorsCheck,
  ggufCheck,
  hdf5Check,
  onnxCheck,
  tensorflowCheck,
  architectureCheck,
  weightsCheck,
  jsonCheck,
  pmmlCheck,
  yamlCheck,
  pythonCheck,
  jinjaCheck,
] as unknown as AnyArtifactCheck[]);
