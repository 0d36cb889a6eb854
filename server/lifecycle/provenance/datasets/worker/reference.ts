import { readFile, stat } from 'node:fs/promises';
import { openLeafFile } from '@bartizan/checks/datasets/read/index.ts';
import {
  createRecordTree,
  leafHashes,
  type Schema,
  schemaDigest,
} from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { MAX_REFERENCE_MANIFEST_BYTES, ReferenceManifest } from '@bartizan/contracts/data/pushes.ts';
import { demandLabel, type TaskHooks, writeBlocks } from './content.ts';
import type { Referred, Task } from './protocol.ts';
import { shownProfile } from './shown.ts';

/** JSON nested deeper than this is refused before it is parsed. */
const MAX_JSON_DEPTH = 200;

function demandShallow(text: string): void {
  let depth = 0;
  for (let at = 0, inText = false; at < text.length; at += 1) {
    const char = text[at];
    if (inText) {
      if (char === '\\') at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) throw new DatasetInputError('The file version.json is nested too deep.');
    } else if (char === '}' || char === ']') depth -= 1;
  }
}

async function readManifest(path: string): Promise<ReturnType<typeof ReferenceManifest.parse>> {
  const { size } = await stat(path);
  if (size > MAX_REFERENCE_MANIFEST_BYTES)
    throw new DatasetInputError(
      `The file version.json has ${size} bytes, more than ${MAX_REFERENCE_MANIFEST_BYTES}.`,
    );
  const text = await readFile(path, 'utf8');
  demandShallow(text);
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch (cause) {
    throw new DatasetInputError('The file version.json is no JSON.', { cause });
  }
  const parsed = ReferenceManifest.safeParse(told);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DatasetInputError(
    `The file version.json is not as it should be: ${issue?.path.join('.').slice(0, 200)} ${issue?.message.slice(0, 300)}.`,
  );
}

const names = (columns: readonly { readonly name: string }[]): string =>
  JSON.stringify(columns.map(({ name }) => name));

/**
 * Holds a leaf file against what a client says of data that nobody here has seen: number of rows, Merkle root, schema.
 * DatasetInputError where they do not agree.
 */
export async function checkReference(
  task: Extract<Task, { is: 'reference' }>,
  { progress }: TaskHooks,
): Promise<Referred> {
  const manifest = await readManifest(task.manifest);
  const { schema, profile, rows, location, bytes } = manifest;
  const digest = schemaDigest(schema as Schema);
  demandLabel(schema as Schema, task.label);
  if (names(profile.columns) !== names(schema.columns) || profile.rows !== rows)
    throw new DatasetInputError('The profile in version.json is not of these rows and columns.');
  const leaves = await openLeafFile(task.leaves);
  try {
    if (!leaves.schemaDigest.equals(digest))
      throw new DatasetInputError('The leaf file is of another schema than version.json.');
    if (leaves.size !== rows)
      throw new DatasetInputError(`The leaf file has ${leaves.size} records, version.json says ${rows}.`);
    const tree = createRecordTree();
    let done = 0;
    for await (const hashes of leafHashes(leaves)) {
      tree.append(hashes);
      done += hashes.length / 32;
      progress(done, 'checking');
    }
    const head = tree.head();
    if (Buffer.from(head.root).toString('hex') !== manifest.root)
      throw new DatasetInputError('The root in version.json is not that of the leaf file.');
    await writeBlocks(task.blocks, head.blocks);
    return {
      rows,
      bytes,
      location,
      root: manifest.root,
      schemaDigest: digest.toString('hex'),
      schema: schema as Schema,
      profile: shownProfile(profile as Referred['profile']),
    };
  } finally {
    await leaves.close();
  }
}
