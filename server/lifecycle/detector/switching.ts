import type { DetectorStatus, Proposal, Snapshot } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Actor } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Principal } from '../../platform/http/types.ts';
import type { ReviewKind } from '../../reviews/index.ts';
import { within } from '../within.ts';
import { speakerOf } from './actor.ts';
import type { Compared, ComparisonService } from './comparisons/service.ts';
import type { KnownModel, Live } from './models/live.ts';
import type { ModelService } from './models/service.ts';
import type { DetectorDeps } from './ports.ts';
import type { DemandAll } from './whole.ts';

export interface SwitchDeps
  extends Pick<DetectorDeps, 'database' | 'audit' | 'clock' | 'events' | 'logger' | 'reviews' | 'ports'> {
  readonly models: Pick<ModelService, 'get' | 'known'>;
  readonly comparisons: Pick<ComparisonService, 'between'>;
  readonly live: Live;
  readonly demandAll: DemandAll;
}

type Use = Extract<Proposal, { kind: 'detector.use' }>;

/** A switch that may be made, as things stand. */
interface Plan {
  readonly model: KnownModel;
  readonly before: KnownModel;
  /** The latest finished comparison of the two; null: it is made without, for the reason in `override`. */
  readonly compared: Compared | null;
  readonly override: string;
  /** Of the switch before. */
  readonly number: number;
}

const refOf = ({ name, sha256 }: KnownModel): string => sha256 ?? name;

const grounds = ({ compared, override }: Plan): string =>
  compared === null
    ? `none: ${override}`
    : `${compared.id}: ${compared.texts} texts, ${compared.changes} judged otherwise`;

/** Which model gateways run, and how that is changed. */
export function createSwitching(deps: SwitchDeps) {
  const { database, audit, clock, events, logger, models, comparisons, live, reviews, demandAll, ports } =
    deps;

  async function status(): Promise<DetectorStatus> {
    return { live: await models.get(refOf(await live.now())), switches: await live.switches() };
  }

  /** Throws `conflict` for what is live, and without a finished comparison of the two unless `override` says why not. */
  async function plan(
    { model: ref, override }: Pick<Use, 'model' | 'override'>,
    db: Database,
  ): Promise<Plan> {
    if (db.isTransaction) await live.lock(db);
    const [model, before, number] = [await models.known(ref), await live.now(db), await live.number(db)];
    if (model.sha256 === before.sha256) throw new AppError('conflict', `"${model.name}" is live already`);
    const compared = await comparisons.between(model.sha256, before.sha256, db);
    if (compared === null && override === undefined) {
      throw new AppError(
        'conflict',
        `"${model.name}" was not compared with "${before.name}", which is live`,
        {
          hint: 'Compare them first, or say why you do without.',
        },
      );
    }
    return { model, before, number, compared, override: compared === null ? (override ?? '') : '' };
  }

  async function make(
    { model, before, compared, override }: Plan,
    by: { readonly actor: Actor; readonly id: string; readonly name: string; readonly detail: object },
    tx: Database,
  ): Promise<void> {
    const at = clock.now();
    const comparisonId = compared?.id ?? null;
    await live.add(
      {
        id: uuidv7(at),
        model: model.name,
        sha256: model.sha256,
        builtIn: model.builtIn,
        before: before.name,
        beforeSha256: before.sha256,
        comparisonId,
        override,
        byId: by.id,
        byName: by.name,
        at,
      },
      tx,
    );
    const digests = { sha256: model.sha256, beforeSha256: before.sha256 };
    const detail = { before: before.name, ...digests, comparison: comparisonId, override, ...by.detail };
    const subject = `detector-model:${model.name}`;
    await audit.record({ actor: by.actor, action: 'detector.model_used', subject, detail }, tx);
    await sql`select pg_notify('bartizan_configuration', 'detector')`.execute(tx);
  }

  const changed = (): void => void events.emit('configuration.changed', { reason: 'detector.model_used' });

  const kind: ReviewKind<Use> = {
    kind: 'detector.use',
    permission: 'detector.manage',
    isThereFor: async (_, caller) => (await ports.sightOf(caller)) === '*',
    async describe(proposal, db) {
      const one = await plan(proposal, db);
      const { model, before, number, compared } = one;
      return {
        title: `Put the injection model "${model.name}" live on all gateways instead of "${before.name}"`,
        subject: 'detector',
        changes: [
          { path: 'model', before: before.name, after: model.name },
          { path: 'digest', before: before.sha256, after: model.sha256 },
          { path: 'comparison', before: null, after: grounds(one) },
        ],
        basis: { model: model.sha256, before: before.sha256, number, comparison: compared?.id ?? null },
      };
    },
    async execute(proposal, { review, proposedBy, approvedBy }, tx) {
      const name = `${proposedBy.name}, approved by ${approvedBy.name}`;
      const by = { actor: approvedBy, id: proposedBy.id, name, detail: { review, proposedBy } };
      await make(await plan(proposal, tx), by, tx);
      return changed;
    },
  };
  reviews.register(kind);

  return Object.freeze({
    status,

    /** The live model by the digest of its manifest; null where it is the product's own. */
    async forGateways(): Promise<Snapshot['detector']> {
      try {
        const now = await live.now();
        if (now.builtIn || now.sha256 === null) return null;
        await models.known(now.sha256);
        return { name: now.name, sha256: now.sha256 };
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

    /**
     * Puts a model live. Throws `review_required` under four eyes, and `conflict` without a finished comparison of the
     * two models, unless `override` says why not.
     */
    async use(caller: Principal, model: string, override: string | undefined): Promise<DetectorStatus> {
      await demandAll(caller, 'the live model judges for');
      await reviews.demandFree(caller, 'detector.use');
      await within(database, async (tx) =>
        make(await plan({ model, override }, tx), { actor: caller, ...speakerOf(caller), detail: {} }, tx),
      );
      changed();
      return await status();
    },
  });
}
export type Switching = ReturnType<typeof createSwitching>;
