import { readFile, writeFile } from 'node:fs/promises';
import type { Column } from '@bartizan/checks/datasets/types.ts';
import { answer, type Tell } from '../../confined/answering.ts';
import type { Limits } from '../../confined/limits.ts';
import { openContent } from '../../datasets/worker/content.ts';
import { loadColumns } from '../../scans/worker/load.ts';
import type { WatchMemory } from '../memory.ts';
import { knownColumns, type WatchRows, watchRows } from './counting.ts';
import type { Watched, WatchTask } from './protocol.ts';
import { learn, observe } from './watching.ts';

type Category = Extract<Column, { readonly kind: 'category' }>;

async function placesOf({ origins }: WatchTask, rows: number): Promise<Int32Array | null> {
  if (origins === null) return null;
  const bytes = await readFile(origins.path);
  const places = new Int32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4)).slice();
  return places.length === rows ? places : null;
}

/** Sources as a column, where no column of the records tells them. */
function withSources(data: WatchRows, task: WatchTask, places: Int32Array | null): WatchRows {
  if (data.source !== null) return data;
  const names = places === null ? [task.sourceName] : (task.origins?.sources ?? []);
  const values = [...new Set(names.filter((name) => name !== null))];
  const codeOf = names.map((name) => (name === null ? -1 : values.indexOf(name)));
  const codes = Int32Array.from({ length: data.rows }, (_, row) => codeOf[places?.[row] ?? 0] ?? -1);
  return { ...data, source: { kind: 'category', name: 'source', codes, values } satisfies Category };
}

const MOST_NAMED = 20;

async function watch(task: WatchTask, limits: Limits, tell: Tell): Promise<null> {
  const data = await openContent(task.content, limits);
  const loaded = await loadColumns(data, tell).finally(() => data.close());
  const bare = watchRows(loaded.columns, task);
  const places = await placesOf(task, bare.rows);
  const rows = withSources(bare, task, places);
  const all = Int32Array.from({ length: rows.rows }, (_, row) => row);
  const fresh =
    task.fresh === null || places === null ? all : all.filter((row) => places[row] === task.fresh);
  let result: Watched;
  if (task.is === 'learn' || task.memory === null) {
    const learnt = learn(rows, fresh, task.size);
    result = { memory: learnt?.memory ?? null, observed: [], notes: learnt?.notes ?? [] };
  } else {
    const memory = JSON.parse(await readFile(task.memory, 'utf8')) as WatchMemory;
    const { date, falseAlarmsPerYear } = task;
    const { gone } = knownColumns(rows.columns, memory.reference);
    const said = gone.slice(0, MOST_NAMED).join(', ');
    result = {
      ...observe(memory, rows, { rows: fresh, date, falseAlarmsPerYear }),
      notes:
        gone.length === 0
          ? []
          : [
              `These columns are not there, or hold another kind of value, so nothing is counted by them: ${said}.`,
            ],
    };
  }
  await writeFile(task.out, JSON.stringify(result), { flag: 'wx', mode: 0o600 });
  return null;
}

answer(watch);
