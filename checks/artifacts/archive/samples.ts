import { Buffer } from 'node:buffer';
import { artifactInput } from '../pickle/samples.ts';
import type { ArtifactInput, Sample } from '../types.ts';
import { makeTar, makeZip } from './make.ts';

const sample = (title: string, content: Uint8Array, found: boolean): Sample<ArtifactInput> => ({
  title,
  input: artifactInput(content),
  found,
});

const notes = Buffer.from('Weights of a small model.\n'.repeat(4));

export const ARCHIVE_SAMPLES: readonly Sample<ArtifactInput>[] = [
  sample(
    'an entry with two names',
    makeZip([{ name: 'notes.txt', content: notes, local: { name: 'data.pkl' } }]),
    true,
  ),
  sample(
    'a plain entry that is marked as encrypted',
    makeZip([{ name: 'data.pkl', content: notes, flags: 1 }]),
    true,
  ),
  sample(
    'an entry that is not in the directory',
    makeZip([
      { name: 'a.txt', content: notes },
      { name: 'data.pkl', content: notes, unlisted: true },
      { name: 'b.txt', content: notes },
    ]),
    true,
  ),
  sample('a name that leads out of the folder', makeTar([{ name: '../../run.sh', content: notes }]), true),
  sample('a plain zip', makeZip([{ name: 'notes.txt', content: notes, deflate: true }]), false),
  sample('a plain tar', makeTar([{ name: 'notes.txt', content: notes }]), false),
];
