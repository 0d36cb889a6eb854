import type {
  DryRunRequest,
  DryRunResult,
  PolicyDetail,
  PolicyDocument,
  PolicySummary,
  TryRequest,
  TryResult,
} from '@bartizan/contracts';
import type { z } from 'zod';
import { type Actor, SYSTEM } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Caller } from '../../reviews/index.ts';
import { demandSight, type Sight, sees, type Viewer } from '../sight.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../sql-state.ts';
import { summariseChecks } from './checks.ts';
import { dryRun } from './dry-run.ts';
import { tellInjectionModel } from './injection-model.ts';
import { createJudging } from './judging.ts';
import { noSuchPolicy, requireValid, toDetail, toSummary } from './model.ts';
import type { PolicyDeps } from './ports.ts';
import { registerPolicyProposals } from './proposals.ts';
import { createPolicyStore } from './store.ts';

export interface NewVersion {
  readonly document: PolicyDocument;
  readonly note: string;
  readonly activate: boolean;
}

const EVERYTHING: Viewer = Object.freeze({ teams: '*' });
const STANDARD_NAME = 'Standard';
/** Dry runs at the same time; each may keep a core busy. */
const MAX_DRY_RUNS = 2;
const TRY_LIMIT_MS = 15_000;

export function createPolicyService(deps: PolicyDeps) {
  const { audit, events, clock, checks, ports, reviews } = deps;
  const store = createPolicyStore(deps.database);
  const judging = createJudging(ports.injectionModel);
  tellInjectionModel(process.env.BARTIZAN_INJECTION_MODEL, deps.logger);
  let dryRuns = 0;

  /** Endpoints that use the policy, as far as they are in sight. */
  const usersOf = (usage: readonly { policyId: string; id: string }[], policyId: string, sight: Sight) =>
    usage
      .filter((endpoint) => endpoint.policyId === policyId && sees(sight, endpoint.id))
      .map(({ id }) => id);

  async function detail(viewer: Viewer, id: string): Promise<PolicyDetail> {
    const [row, versions, usage, sight] = await Promise.all([
      store.find(id),
      store.versions(id),
      ports.endpoints.usage(),
      ports.endpoints.sightOf(viewer),
    ]);
    if (!row) throw noSuchPolicy();
    return toDetail(row, versions, usersOf(usage, id, sight));
  }

  const changed = (reason: string) => events.emit('configuration.changed', { reason });

  /** Writes the entry of a change of the policy in the change's own transaction. */
  const witness = (actor: Actor, id: string) => (tx: Database, action: string, detail: object) =>
    audit.record({ actor, action, subject: `policy:${id}`, detail: { ...detail } }, tx);

  async function documentFor(request: z.output<typeof TryRequest>): Promise<PolicyDocument> {
    if (request.document) {
      requireValid(request.document, checks);
      return request.document;
    }
    if (!request.policyId) {
      throw new AppError('invalid_input', 'say which policy to try', {
        hint: 'Give `policyId` of a saved policy, or a draft as `document`.',
      });
    }
    const found =
      request.version === undefined
        ? await store.find(request.policyId)
        : await store.version(request.policyId, request.version);
    if (!found) throw noSuchPolicy();
    return found.document;
  }

  registerPolicyProposals({ ...deps, changed });

  return Object.freeze({
    checks: summariseChecks(checks),

    /** Policies are everybody's; the endpoints that use them are named as far as the viewer sees them. */
    async list(viewer: Viewer = EVERYTHING): Promise<PolicySummary[]> {
      const [rows, usage, sight] = await Promise.all([
        store.list(),
        ports.endpoints.usage(),
        ports.endpoints.sightOf(viewer),
      ]);
      return rows.map((row) => toSummary(row, usersOf(usage, row.id, sight)));
    },

    get: detail,

    /** True when there is a policy with this id. */
    exists: async (id: string): Promise<boolean> => (await store.find(id)) !== undefined,

    /** Active documents, for the gateways' snapshot. */
    async active(): Promise<{ id: string; name: string; version: number; document: PolicyDocument }[]> {
      const rows = await store.list();
      return rows.map(({ id, name, activeVersion, document }) => ({
        id,
        name,
        version: activeVersion,
        document,
      }));
    },

    /** Throws `conflict` when the name is taken, `invalid_input` when a check refuses its settings. */
    async create(
      actor: Caller,
      input: { readonly name: string; readonly description: string; readonly document: PolicyDocument },
    ): Promise<PolicyDetail> {
      requireValid(input.document, checks);
      const now = clock.now();
      const id = uuidv7(now);
      try {
        await store.create(
          { id, name: input.name, description: input.description },
          { document: input.document, note: '', createdAt: now, createdBy: actor.name },
          (tx) => witness(actor, id)(tx, 'policies.created', { name: input.name, version: 1 }),
        );
      } catch (cause) {
        if (!isUniqueViolation(cause)) throw cause;
        throw new AppError('conflict', `there is already a policy called "${input.name}"`, {
          hint: 'Choose another name, or add a version to that policy.',
          cause,
        });
      }
      changed('policies.created');
      return await detail(actor, id);
    },

    /** Throws `review_required` for what would be live at once while four eyes are demanded. */
    async addVersion(actor: Caller, id: string, next: NewVersion): Promise<PolicyDetail> {
      requireValid(next.document, checks);
      if (!(await store.find(id))) throw noSuchPolicy();
      if (next.activate) await reviews.demandFree(actor, 'policies.save');
      const version = await store.addVersion(
        id,
        { document: next.document, note: next.note, createdAt: clock.now(), createdBy: actor.name },
        next.activate,
        (tx, version) =>
          witness(actor, id)(tx, 'policies.version_added', { version, activated: next.activate }),
      );
      if (version === undefined) throw noSuchPolicy();
      if (next.activate) changed('policies.version_added');
      return await detail(actor, id);
    },

    async activate(actor: Caller, id: string, version: number): Promise<PolicyDetail> {
      const [policy, wanted] = await Promise.all([store.find(id), store.version(id, version)]);
      if (!policy) throw noSuchPolicy();
      if (!wanted) {
        throw new AppError('not_found', `policy "${policy.name}" has no version ${version}`, {
          hint: `Its versions are 1 to ${policy.latestVersion}.`,
        });
      }
      // A check may have changed its settings since the version was saved.
      requireValid(wanted.document, checks);
      await reviews.demandFree(actor, 'policies.activate');
      const done = await store.activate(id, version, clock.now(), (tx) =>
        witness(actor, id)(tx, 'policies.activated', { version, before: policy.activeVersion }),
      );
      if (!done) throw noSuchPolicy();
      changed('policies.activated');
      return await detail(actor, id);
    },

    /** Throws `conflict` with the names of the endpoints that use it, as far as the caller sees them. */
    async remove(actor: Caller, id: string): Promise<void> {
      const policy = await store.find(id);
      if (!policy) throw noSuchPolicy();
      const users = (await ports.endpoints.usage()).filter(({ policyId }) => policyId === id);
      const refuse = (names: readonly string[], cause?: unknown) =>
        new AppError('conflict', `policy "${policy.name}" is used by ${names.join(', ')}`, {
          hint: 'Give these endpoints another policy first.',
          cause,
        });
      if (users.length > 0) {
        const sight = await ports.endpoints.sightOf(actor);
        const seen = users.filter((user) => sees(sight, user.id)).map(({ name }) => `"${name}"`);
        throw refuse(seen.length < users.length ? [...seen, 'an endpoint of another team'] : seen);
      }
      await reviews.demandFree(actor, 'policies.remove');
      try {
        const entry = { name: policy.name };
        const done = await store.remove(id, (tx) => witness(actor, id)(tx, 'policies.removed', entry));
        if (!done) throw noSuchPolicy();
      } catch (cause) {
        if (isForeignKeyViolation(cause)) throw refuse(['an endpoint that was changed just now'], cause);
        throw cause;
      }
      changed('policies.removed');
    },

    /** Throws `not_found` for an endpoint of another team: its canaries are nobody else's. */
    async tryOut(viewer: Viewer, request: z.output<typeof TryRequest>): Promise<TryResult> {
      if (request.endpointId) demandSight(await ports.endpoints.sightOf(viewer), request.endpointId);
      const document = await documentFor(request);
      const endpoint = request.endpointId ? await ports.endpoints.context(request.endpointId) : undefined;
      const { segments, direction, endpointId } = request;
      return await judging.tryOut(
        { kind: 'try', request: { segments, direction, endpointId }, document, endpoint },
        TRY_LIMIT_MS,
      );
    },

    async dryRun(
      actor: Caller,
      request: z.output<typeof DryRunRequest>,
      options: { readonly showExcerpts: boolean; readonly signal: AbortSignal },
    ): Promise<DryRunResult> {
      requireValid(request.document, checks);
      const sight = await ports.endpoints.sightOf(actor);
      demandSight(sight, request.endpointId);
      if (dryRuns >= MAX_DRY_RUNS) {
        throw new AppError('too_many_requests', 'other dry runs are still busy', {
          hint: 'Try again in a few seconds.',
          retryAfterMs: 3_000,
        });
      }
      dryRuns += 1;
      try {
        const { since, until, endpointId, sample: limit } = request;
        const query = { since, until, endpointId, sight, limit, signal: options.signal };
        const { showExcerpts } = options;
        const result = await dryRun({ document: request.document, query, ports, showExcerpts });
        const { examined, notEvaluable } = result;
        await audit.record({
          actor,
          action: 'policies.dry_run',
          subject: endpointId ? `endpoint:${endpointId}` : 'interactions',
          detail: { examined, notEvaluable },
        });
        return result;
      } finally {
        dryRuns -= 1;
      }
    },

    /** Ends the thread that tries texts out. */
    close: () => judging.close(),

    /** Creates the policy "Standard" on an instance that has no policy yet; two servers may try at once. */
    async ensureStandard(document: PolicyDocument): Promise<void> {
      requireValid(document, checks);
      const now = clock.now();
      const id = uuidv7(now);
      const made = await store.createIfNone(
        { id, name: STANDARD_NAME, description: 'Sensible guards for any assistant; a start to build on.' },
        { document, note: 'Came with Bartizan', createdAt: now, createdBy: SYSTEM.name },
        (tx) => witness(SYSTEM, id)(tx, 'policies.created', { name: STANDARD_NAME, version: 1 }),
      );
      if (made) changed('policies.created');
    },
  });
}
export type PolicyService = ReturnType<typeof createPolicyService>;
