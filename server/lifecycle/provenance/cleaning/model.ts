import type { CleaningSelection, DataVersionState, Dependant, Quarantine } from '@bartizan/contracts';
import type { Viewer } from '../../sight.ts';
import type { KeptActor } from '../datasets/model.ts';
import { inReach } from '../datasets/reach.ts';

/** Rows of a selection, and of a preview, that are shown. */
export const SHOWN_ROWS = 1_000;
/** Most records that one quarantine takes out. */
export const MOST_REMOVED = 5_000_000;

/** With the team whose it is; null: everybody's. */
export interface KeptDependant extends Dependant {
  readonly teamId: string | null;
}

export interface StoredQuarantine {
  readonly id: string;
  readonly versionId: string;
  readonly datasetId: string;
  readonly fromVersion: number;
  readonly toVersionId: string | null;
  readonly toVersion: number | null;
  readonly toState: DataVersionState | null;
  readonly toFailure: string | null;
  readonly restoreVersionId: string | null;
  readonly restoreVersion: number | null;
  readonly restoreState: DataVersionState | null;
  readonly restoreFailure: string | null;
  readonly state: 'working' | 'made' | 'failed' | 'restoring';
  readonly failure: string | null;
  readonly selection: string;
  readonly reason: string;
  readonly restoreReason: string | null;
  readonly removed: number;
  readonly dependants: string;
  readonly acting: KeptActor;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** As it is kept: of many rows the first. */
export const shortened = (selection: CleaningSelection): CleaningSelection =>
  selection.by === 'rows' ? { ...selection, rows: selection.rows.slice(0, SHOWN_ROWS) } : selection;

/** Where bringing them back was refused or failed they are out, and may be asked for again. */
function afterwards(restoreState: DataVersionState | null): Quarantine['state'] {
  switch (restoreState) {
    case null:
    case 'failed':
    case 'rejected':
      return 'done';
    case 'ready':
      return 'restored';
    case 'awaiting-review':
      return 'restore-awaiting-review';
    default:
      return 'working';
  }
}

function stateOf({ state, toState, restoreState }: StoredQuarantine): Quarantine['state'] {
  if (state === 'failed') return 'failed';
  if (state !== 'made') return 'working';
  switch (toState) {
    case 'ready':
      return afterwards(restoreState);
    case 'awaiting-review':
    case 'rejected':
    case 'failed':
      return toState;
    default:
      return 'working';
  }
}

/** As the viewer may see it: dependants of teams that are not theirs are left out. */
export function viewOf(viewer: Viewer, stored: StoredQuarantine): Quarantine {
  const state = stateOf(stored);
  const { id, datasetId, fromVersion, reason, removed, createdBy, createdAt } = stored;
  const all = JSON.parse(stored.dependants) as KeptDependant[];
  return {
    id,
    datasetId,
    fromVersion,
    toVersion: state === 'working' || state === 'failed' ? null : stored.toVersion,
    restoreVersion: stored.restoreVersion,
    state,
    failure: stored.failure ?? stored.toFailure ?? stored.restoreFailure,
    selection: JSON.parse(stored.selection) as CleaningSelection,
    reason,
    removed,
    dependants: all
      .filter(({ teamId }) => inReach(viewer, teamId))
      .map(({ kind, id: of, label }) => ({ kind, id: of, label })),
    createdBy,
    createdAt,
  };
}
