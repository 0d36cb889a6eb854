import { Buffer } from 'node:buffer';
import { assemble, callOf } from '../pickle/assemble.ts';
import { judgePickle } from '../pickle/judge.ts';
import { artifactInput } from '../pickle/samples.ts';
import type { ArtifactInput, Sample } from '../types.ts';

/** An array file of version 1 with this header and content. */
export function makeArray(type: string, shape: string, content: Uint8Array): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`;
  const header = `${text.padEnd(117)}\n`;
  const head = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    header.length & 255,
    header.length >> 8,
  ]);
  return Buffer.concat([head, Buffer.from(header, 'latin1'), content]);
}

const sample = (title: string, content: Uint8Array, found = false): Sample<ArtifactInput> => ({
  title,
  input: artifactInput(content, (source, context) => judgePickle({ source, context })),
  found,
});

export const NUMPY_SAMPLES: readonly Sample<ArtifactInput>[] = [
  sample(
    'an array of objects that runs a command',
    makeArray('|O', '1,', assemble(callOf('os', 'system', 'id'))),
    true,
  ),
  sample('an array of numbers', makeArray('<f8', '2,', Buffer.alloc(16))),
  sample('an array of texts', makeArray('<U3', '1, 2', Buffer.alloc(24))),
];
