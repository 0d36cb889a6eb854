import type { DetectorStatus, Snapshot } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Principal } from '../../platform/http/types.ts';
import { within } from '../within.ts';
import { speakerOf } from './actor.ts';
import type { ComparisonService } from './comparisons/service.ts';
import type { Live } from './models/live.ts';
import type { ModelService } from './models/service.ts';
import type { DetectorDeps } from './ports.ts';

export interface SwitchDeps extends Pick<DetectorDeps, 'database' | 'audit' | 'clock' | 'events' | 'logger'> {
  readonly models: Pick<ModelService, 'get' | 'known' | 'list'>;
  readonly comparisons: Pick<ComparisonService, 'between'>;
  readonly live: Live;
}

/** Which model gateways run, and how that is changed. */
export function createSwitching(deps: SwitchDeps) {
  const { database, audit, clock, events, logger, models, comparisons, live } = deps;

  async function status(): Promise<DetectorStatus> {
    const name = await live.name();
    return { live: await models.get(name), switches: await live.switches() };
  }

  return Object.freeze({
    status,

    /** The live model by the digest of its manifest; null where it is the product's own. */
    async forGateways(): Promise<Snapshot['detector']> {
      try {
        const { name, sha256 } = await models.known(await live.name());
        return sha256 === null ? null : { name, sha256 };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // Nothing else of the configuration, such as a revoked key, waits for a model.
        logger.warn(
          { reason: error.message },
          'the live model of the detector is gone: gateways use their own',
        );
        return null;
      }
    },

    /** Throws `conflict` without a finished comparison of the two models, unless `override` says why not. */
    async use(caller: Principal, model: string, override: string | undefined) {
      await within(database, async (tx) => {
        await live.lock(tx);
        const known = await models.known(model);
        const before = await live.name();
        if (before === model) throw new AppError('conflict', `"${model}" is live already`);
        const comparisonId = await comparisons.between(model, before, tx);
        if (comparisonId === null && override === undefined) {
          throw new AppError('conflict', `"${model}" was not compared with "${before}", which is live`, {
            hint: 'Compare them first, or say why you do without.',
          });
        }
        const at = clock.now();
        const reason = comparisonId === null ? (override ?? '') : '';
        const one = { model, builtIn: known.builtIn, before, comparisonId, override: reason, at };
        const { id: byId, name: byName } = speakerOf(caller);
        await live.add({ ...one, id: uuidv7(at), byId, byName }, tx);
        const detail = { before, comparison: comparisonId, override: reason };
        const subject = `detector-model:${model}`;
        await audit.record({ actor: caller, action: 'detector.model_used', subject, detail }, tx);
        await sql`select pg_notify('bartizan_configuration', 'detector')`.execute(tx);
      });
      events.emit('configuration.changed', { reason: 'detector.model_used' });
      return await status();
    },
  });
}
export type Switching = ReturnType<typeof createSwitching>;
