import type { LabelItem, LabelQueue, LabelQueueInput } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { KeptActor } from '../datasets/model.ts';
import type { QueuedItem } from './worker/protocol.ts';

/** What a queue is made from, with the columns that are shown of its records. */
export type QueueOrigin = LabelQueueInput['from'] & {
  /** As whoever made it chose; null: whole records, for those who may read them. */
  readonly show: readonly string[] | null;
  /** Columns that others see where nobody chose; queues made before there were some have none. */
  readonly named?: readonly string[];
};

/** Columns of a record that somebody may see in this queue; null: all. */
export function columnsFor(
  { show, named, ...from }: QueueOrigin,
  { permissions }: Pick<Principal, 'permissions'>,
): ReadonlySet<string> | null {
  if (show !== null) return new Set(show);
  if (permissions.has('data.content')) return null;
  return new Set(named ?? [from.kind === 'annotations' ? from.item : from.label]);
}

/** What is done to a queue that is `working`. */
export type QueueTask =
  | { readonly is: 'make' }
  | { readonly is: 'apply'; readonly reason: string; readonly acting: KeptActor };

export interface StoredQueue {
  readonly id: string;
  readonly versionId: string;
  readonly datasetId: string;
  readonly dataset: string;
  readonly teamId: string | null;
  readonly number: number;
  readonly name: string;
  readonly origin: QueueOrigin;
  readonly state: LabelQueue['state'];
  readonly task: QueueTask | null;
  readonly failure: string | null;
  readonly classes: readonly string[];
  readonly items: number;
  readonly decided: number;
  readonly alpha: number | null;
  readonly annotators: LabelQueue['annotators'];
  readonly appliedAs: number | null;
  readonly appliedDataset: string | null;
  readonly createdById: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

export interface StoredItem extends QueuedItem {
  readonly place: number;
  /** Place in the classes of the queue. */
  readonly decision: number | null;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
}

export const noSuchQueue = (): AppError =>
  new AppError('not_found', 'there is no such queue of labels', {
    hint: 'List the queues to see their ids.',
  });
export const noSuchItem = (): AppError =>
  new AppError('not_found', 'the queue has no such item', { hint: 'Places are counted from 0.' });

/** Whether classes and annotators, which are values of records, may be shown. */
const seesValues = ({ permissions }: Pick<Principal, 'permissions'>): boolean =>
  permissions.has('data.label') || permissions.has('data.content');

/** A queue shows values of the columns that it names, whichever they are. */
export function demandContent({ permissions }: Pick<Principal, 'permissions'>): void {
  if (permissions.has('data.content')) return;
  throw new AppError('forbidden', 'a queue shows values of the columns it names', {
    hint: 'Making one needs the permission data.content as well as data.write.',
  });
}

/** A queue as somebody may see it: classes and annotators only for those who label or may read records. */
export function viewOf(queue: StoredQueue, viewer: Pick<Principal, 'permissions'>): LabelQueue {
  const { id, name, datasetId, dataset, number, origin, state, failure, classes, items, decided, alpha } =
    queue;
  return {
    id,
    name,
    datasetId,
    dataset,
    version: number,
    from: origin.kind,
    state,
    failure,
    classes: seesValues(viewer) ? [...classes] : [],
    items,
    decided,
    alpha,
    annotators: seesValues(viewer) ? queue.annotators : [],
    appliedAs: queue.appliedAs,
    appliedDataset: queue.appliedDataset,
    createdBy: queue.createdBy,
    createdAt: queue.createdAt,
  };
}

export function viewOfItem(item: StoredItem, classes: readonly string[]): LabelItem {
  const nameOf = (place: number | null): string | null => (place === null ? null : (classes[place] ?? null));
  return {
    place: item.place,
    rows: [...item.rows],
    name: item.name,
    current: nameOf(item.current),
    proposed: nameOf(item.proposed),
    confidence: item.confidence,
    votes: [...item.votes],
    reason: item.reason,
    decision: nameOf(item.decision),
    decidedBy: item.decidedBy,
    decidedAt: item.decidedAt,
  };
}

/** What records of a queue are read for, as policies and the chain of custody have it. */
export const purposeOf = ({ name }: Pick<StoredQueue, 'name'>): string => `labelling: ${name}`;

/** Name of the dataset that the labels of annotators become versions of. */
export const labelsDatasetOf = (dataset: string): string => `${dataset} labels`;

const LONGEST_AUDITED = 200;

/** A label as the audit log takes it. */
export const plain = (label: string | null): string | null =>
  label === null
    ? null
    : label
        .replaceAll(/\p{Cc}/gu, ' ')
        .slice(0, LONGEST_AUDITED)
        .toWellFormed();
