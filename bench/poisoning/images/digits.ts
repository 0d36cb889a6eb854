import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pictures } from '@bartizan/checks/datasets/images/testing/generated.ts';
import { readNpy } from '@bartizan/checks/datasets/read/index.ts';

/** Handwritten digits, 28 × 28, of the folder of reference data (onnx/data in it); null where it has none. */
export async function digitsOf(data: string): Promise<Pictures | null> {
  const folder = join(data, 'onnx', 'data');
  if (!existsSync(join(folder, 'mnist10k_images_uint8.npy'))) return null;
  const images = await readNpy(join(folder, 'mnist10k_images_uint8.npy'));
  const labels = await readNpy(join(folder, 'mnist10k_labels.npy'));
  return {
    images: { rows: images.rows, height: 28, width: 28, channels: 1, values: Uint8Array.from(images.values) },
    labels: {
      values: Int32Array.from(labels.values),
      names: Array.from({ length: 10 }, (_, label) => String(label)),
    },
  };
}
