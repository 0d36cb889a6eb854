import { createLeafFile } from '@bartizan/checks/datasets/read/index.ts';
import {
  createProfiler,
  createRecordEncoder,
  createRecordTree,
  hashRecords,
} from '@bartizan/checks/datasets/records/index.ts';
import { compare, compareKeyed, pick } from './compare.ts';
import { createSampling, demandLabel, openContent, type TaskHooks, writeBlocks } from './content.ts';
import { traceOrigins } from './origins.ts';
import type { Hashed, Results, Task } from './protocol.ts';
import { checkReference } from './reference.ts';
import { countReturns } from './returns.ts';
import { shownProfile } from './shown.ts';
import { verify } from './verify.ts';

async function hash(task: Extract<Task, { is: 'hash' }>, hooks: TaskHooks): Promise<Hashed> {
  const data = await openContent(task.content, hooks.limits);
  try {
    demandLabel(data.schema, task.label);
    const encoder = createRecordEncoder(data.schema);
    const writer = await createLeafFile(task.leaves, encoder.schemaDigest);
    const tree = createRecordTree();
    const profiler = createProfiler(data.schema);
    const sampling = createSampling();
    let rows = 0;
    for await (const chunk of data.chunks()) {
      const hashes = hashRecords(encoder.encode(chunk));
      tree.append(hashes);
      await writer.append(hashes);
      if (sampling.takes(chunk.rows)) profiler.add(chunk);
      rows += chunk.rows;
      hooks.progress(rows, 'hashing');
    }
    await writer.close();
    const { size, root, blocks } = tree.head();
    await writeBlocks(task.blocks, blocks);
    return {
      rows: size,
      bytes: data.bytes,
      root: Buffer.from(root).toString('hex'),
      schemaDigest: encoder.schemaDigest.toString('hex'),
      schema: data.schema,
      profile: shownProfile(sampling.profile(profiler.profile())),
    };
  } finally {
    await data.close();
  }
}

async function stream(
  { content, from }: Extract<Task, { is: 'stream' }>,
  { limits, say, wanted }: TaskHooks,
): Promise<Results['stream']> {
  const data = await openContent(content, limits);
  try {
    const { schema, bytes } = data;
    say({ type: 'opened', schema, bytes });
    let first = 0;
    for await (const chunk of data.chunks()) {
      if (first + chunk.rows > from) {
        await wanted();
        say({ type: 'chunk', first, chunk });
      }
      first += chunk.rows;
    }
    await wanted();
    say({ type: 'chunk', first, chunk: null });
    return { schema, bytes };
  } finally {
    await data.close();
  }
}

/** Does one task; its inputs are foreign, its paths are ours. */
export function perform(task: Task, hooks: TaskHooks): Promise<Results[keyof Results]> {
  switch (task.is) {
    case 'hash':
      return hash(task, hooks);
    case 'reference':
      return checkReference(task, hooks);
    case 'origins':
      return traceOrigins(task, hooks);
    case 'returns':
      return countReturns(task, hooks);
    case 'compare':
      return compare(task, hooks);
    case 'keyed':
      return compareKeyed(task, hooks);
    case 'verify':
      return verify(task, hooks);
    case 'stream':
      return stream(task, hooks);
    case 'pick':
      return pick(task, hooks);
  }
}
