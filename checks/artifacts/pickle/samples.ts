import { Buffer } from 'node:buffer';
import { bytesSource } from '../source/bytes.ts';
import type { ArtifactInput, MemberScan, Sample } from '../types.ts';
import { DEFAULT_LIMITS } from '../types.ts';
import { assemble, callOf, op } from './assemble.ts';

const passOver: MemberScan = async () => ({ format: 'unknown', findings: [], errors: [], skipped: [] });

/** An input for a check from bytes alone; members of containers are judged by `scanMember` if there is one. */
export function artifactInput(content: Uint8Array, scanMember = passOver): ArtifactInput {
  return {
    source: bytesSource(content),
    context: {
      path: '',
      depth: 0,
      limits: DEFAULT_LIMITS,
      budget: { entries: 0, expandedBytes: 0, opcodes: 0, findings: 0 },
      checkpoint: () => {},
      scanMember,
    },
  };
}

const sample = (title: string, content: Uint8Array, found: boolean): Sample<ArtifactInput> => ({
  title,
  input: artifactInput(content),
  found,
});

const weights = Buffer.concat([
  op.emptyDict,
  op.mark,
  op.text('layer.weight'),
  op.emptyList,
  op.mark,
  op.int(1),
  op.int(2),
  op.appends,
  op.setItems,
]);

export const PICKLE_SAMPLES: readonly Sample<ArtifactInput>[] = [
  sample('a command run by REDUCE', assemble(callOf('os', 'system', 'id')), true),
  sample(
    'a name put together on the stack',
    assemble(op.text('posix'), op.text('system'), op.stackGlobal, op.text('id'), op.tuple1, op.reduce),
    true,
  ),
  sample(
    'a pickle inside the data of another',
    assemble(op.data(assemble(callOf('os', 'system', 'id')))),
    true,
  ),
  sample('an import that nobody knows', assemble(op.global('some_package', 'Thing')), true),
  sample(
    'a second pickle after a harmless one',
    Buffer.concat([assemble(weights), assemble(callOf('os', 'system', 'id'))]),
    true,
  ),
  sample('plain data', assemble(weights), false),
  sample(
    'an ordered dictionary',
    assemble(op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce),
    false,
  ),
];
