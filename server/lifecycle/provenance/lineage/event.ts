import { AppError } from '../../../kernel/error.ts';
import { isUuid } from './model.ts';
import type { ExternalName } from './naming.ts';

/** A dataset of an event, with the other names that it says the dataset goes by. */
export interface NamedDataset extends ExternalName {
  readonly symlinks: readonly ExternalName[];
}

/** What lineage keeps of an event beside the event itself. */
export interface LineageFacts {
  /** Milliseconds since the epoch, by the client's clock. */
  readonly atMs: number;
  readonly run: { readonly id: string; readonly state: string } | null;
  readonly job: { readonly namespace: string; readonly name: string } | null;
  readonly inputs: readonly NamedDataset[];
  readonly outputs: readonly NamedDataset[];
}

/** Of events as they come. */
export const EVENT_LIMITS = {
  depth: 64,
  values: 200_000,
  datasets: 5_000,
  symlinks: 50,
  /** Characters. */
  namespace: 1_000,
  name: 2_000,
  version: 500,
} as const;

/** OpenLineage, RunEvent.eventType. */
const STATES: ReadonlySet<string> = new Set(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']);

type Json = Readonly<Record<string, unknown>>;

const wrong = (path: string, message: string): AppError =>
  new AppError('invalid_input', `this is no OpenLineage event: ${path} ${message}`, {
    hint: 'Send a run, job or dataset event as the OpenLineage specification describes them.',
    issues: [{ path, message }],
  });

function demandSmall(event: unknown): void {
  let values = 0;
  let level: unknown[] = [event];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > EVENT_LIMITS.depth)
      throw wrong('event', `is nested deeper than ${EVENT_LIMITS.depth} levels`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      for (const inner of Object.values(value)) next.push(inner);
      if (values + next.length > EVENT_LIMITS.values)
        throw new AppError('too_large', `the event has more than ${EVENT_LIMITS.values} values`, {
          hint: 'Leave out facets, or send the datasets in several events of the same run.',
        });
    }
    values += next.length;
    level = next;
  }
}

function objectAt(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(path, 'must be an object');
}

function textAt(value: unknown, path: string, most: number): string {
  if (typeof value !== 'string' || value === '') throw wrong(path, 'must be a text that is not empty');
  if (value.length > most) throw wrong(path, `is longer than ${most} characters`);
  if (!value.isWellFormed() || value.includes('\0')) throw wrong(path, 'is not valid text');
  return value;
}

const named = (value: Json, path: string): { namespace: string; name: string } => ({
  namespace: textAt(value.namespace, `${path}.namespace`, EVENT_LIMITS.namespace),
  name: textAt(value.name, `${path}.name`, EVENT_LIMITS.name),
});

/** A facet that is not as it should be is kept with the event, and says nothing. */
const facet = (facets: unknown, name: string): Json | undefined => {
  if (typeof facets !== 'object' || facets === null) return undefined;
  const found = (facets as Json)[name];
  return typeof found === 'object' && found !== null ? (found as Json) : undefined;
};

const isPlain = (value: unknown, most: number): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  value.length <= most &&
  value.isWellFormed() &&
  !value.includes('\0');

function symlinksOf(facets: unknown, version: string): readonly ExternalName[] {
  const identifiers = facet(facets, 'symlinks')?.identifiers;
  if (!Array.isArray(identifiers)) return [];
  return identifiers.slice(0, EVENT_LIMITS.symlinks).flatMap((each: unknown) => {
    const { namespace, name } = (each ?? {}) as Json;
    return isPlain(namespace, EVENT_LIMITS.namespace) && isPlain(name, EVENT_LIMITS.name)
      ? [{ namespace, name, version }]
      : [];
  });
}

function datasetAt(value: unknown, path: string): NamedDataset {
  const dataset = objectAt(value, path);
  // DatasetVersionDatasetFacet
  const told = facet(dataset.facets, 'version')?.datasetVersion;
  const version = isPlain(told, EVENT_LIMITS.version) ? told : '';
  return { ...named(dataset, path), version, symlinks: symlinksOf(dataset.facets, version) };
}

function datasetsAt(value: unknown, path: string): readonly NamedDataset[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(path, 'must be a list');
  if (value.length > EVENT_LIMITS.datasets)
    throw new AppError('too_large', `the event has more than ${EVENT_LIMITS.datasets} ${path}`, {
      hint: 'Send the datasets in several events of the same run.',
    });
  return value.map((each, index) => datasetAt(each, `${path}.${index}`));
}

function runAt(event: Json): LineageFacts['run'] {
  if (event.run === undefined) return null;
  const id = textAt(objectAt(event.run, 'run').runId, 'run.runId', 100).toLowerCase();
  if (!isUuid(id)) throw wrong('run.runId', 'must be a UUID');
  const { eventType: state = 'OTHER' } = event;
  if (typeof state !== 'string' || !STATES.has(state))
    throw wrong('eventType', `must be one of ${[...STATES].join(', ')}`);
  return { id, state };
}

/**
 * Reads an OpenLineage event (spec 2-0-2: RunEvent, JobEvent or DatasetEvent) that came from outside. Throws
 * `AppError` `invalid_input` naming the place that is wrong, `too_large` past {@link EVENT_LIMITS}.
 */
export function readEvent(body: unknown): LineageFacts {
  demandSmall(body);
  const event = objectAt(body, 'event');
  const atMs = Date.parse(textAt(event.eventTime, 'eventTime', 64));
  if (!Number.isFinite(atMs) || atMs < 0) throw wrong('eventTime', 'must be an instant in ISO 8601');
  const run = runAt(event);
  const job = event.job === undefined ? null : named(objectAt(event.job, 'job'), 'job');
  if (run && !job) throw wrong('job', 'is missing: a run is of a job');
  if (!job) {
    if (event.dataset === undefined) throw wrong('event', 'has neither run, job nor dataset');
    return { atMs, run, job, inputs: [datasetAt(event.dataset, 'dataset')], outputs: [] };
  }
  return {
    atMs,
    run,
    job,
    inputs: datasetsAt(event.inputs, 'inputs'),
    outputs: datasetsAt(event.outputs, 'outputs'),
  };
}
