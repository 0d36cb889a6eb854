import { AppError } from '../../kernel/error.ts';
import type { Viewer } from '../sight.ts';
import type { DetectorPorts } from './ports.ts';

export type DemandAll = (caller: Viewer, what: string) => Promise<void>;

/**
 * The detector is one for all endpoints: what changes it, or reads what everybody said, is for callers who see all of
 * them. Throws `forbidden` for a person of some teams, and for a key of some endpoints; `what` completes
 * “this … all teams and endpoints”.
 */
export const createDemandAll =
  ({ sightOf }: Pick<DetectorPorts, 'sightOf'>): DemandAll =>
  async (caller, what) => {
    if ((await sightOf(caller)) === '*') return;
    throw new AppError('forbidden', `you may not do this: ${what} all teams and endpoints`, {
      hint: 'Somebody who looks after the whole instance can do this, with a key for all endpoints or in the console.',
    });
  };
