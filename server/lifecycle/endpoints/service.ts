import type { Endpoint, EndpointDetail } from '@bartizan/contracts';
import { unseal } from '@bartizan/contracts/sealed.ts';
import { upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import { type Actor, SYSTEM } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Caller, ReviewGate } from '../../reviews/index.ts';
import type { PolicyService } from '../policies/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { reaches, type Sight, type Viewer } from '../sight.ts';
import { isUniqueViolation } from '../sql-state.ts';
import { DEMO_ENDPOINT } from './demo.ts';
import {
  fieldsOf,
  keyMayStay,
  type NewEndpoint,
  type NewUpstream,
  noSuchEndpoint,
  requireSound,
  type SettledEndpoint,
  sealUpstreams,
  toEndpoint,
  upstreamIssues,
  upstreamSettings,
} from './model.ts';
import {
  changedFields,
  changedMeanwhile,
  describeConflict,
  loosens,
  mayOf,
  requireTeam,
  unknownPolicy,
} from './rules.ts';
import { createEndpointStore, type StoredEndpoint } from './store.ts';
import { testUpstream, type UpstreamTest } from './test-upstream.ts';
import { demandMayTake, demandMayWeaken, weakenings, weakeningsOfNew } from './weakening.ts';

export interface EndpointDeps
  extends Pick<LifecycleDeps, 'database' | 'masterKey' | 'audit' | 'events' | 'clock' | 'config'> {
  readonly policies: Pick<PolicyService, 'exists' | 'list'>;
  readonly reviews: Pick<ReviewGate, 'demandFree' | 'settings'>;
}

export function createEndpointService(deps: EndpointDeps) {
  const { masterKey, audit, events, clock, config, policies, reviews } = deps;
  const store = createEndpointStore(deps.database);

  const changed = (reason: string) => events.emit('configuration.changed', { reason });

  /** Writes the entry of a change of the endpoint in the change's own transaction. */
  const witness = (actor: Actor, id: string) => (tx: Database, action: string, detail: object) =>
    audit.record({ actor, action, subject: `endpoint:${id}`, detail: { ...detail } }, tx);

  async function requirePolicy(policyId: string | null | undefined): Promise<void> {
    if (typeof policyId === 'string' && !(await policies.exists(policyId))) throw unknownPolicy();
  }

  /** The policy that an endpoint gets when nobody chose: the first there is, so that none is unguarded by omission. */
  async function firstPolicy(): Promise<string | null> {
    return (await policies.list()).toSorted((a, b) => (a.id < b.id ? -1 : 1))[0]?.id ?? null;
  }

  async function insert(actor: Actor, input: SettledEndpoint, demo: boolean): Promise<StoredEndpoint> {
    const now = clock.now();
    const endpoint: StoredEndpoint = {
      id: uuidv7(now),
      demo,
      teamId: input.teamId ?? null,
      createdAt: now,
      updatedAt: now,
      fields: fieldsOf(input),
      upstreams: sealUpstreams(input.upstreams, [], masterKey),
    };
    await store.create(endpoint, (tx) =>
      witness(actor, endpoint.id)(tx, 'endpoints.created', {
        slug: input.slug,
        weakened: weakeningsOfNew(input),
      }),
    );
    changed('endpoints.created');
    return endpoint;
  }

  /** The endpoint with this id, when it is there for the viewer. */
  async function find(viewer: Viewer, id: string): Promise<StoredEndpoint> {
    const stored = await store.find(id);
    if (!stored || !reaches(viewer, stored)) throw noSuchEndpoint();
    return stored;
  }

  /** Guards of a new endpoint that are not the usual ones are a decision of their own. */
  async function demandUsualGuards(caller: Caller, input: NewEndpoint): Promise<void> {
    const usual = input.policyId === undefined || input.policyId === (await firstPolicy());
    if (!usual || input.onGuardError === 'allow') await reviews.demandFree(caller, 'endpoints.guard');
  }

  /** The key to test with: the one given, or the stored one if the upstream still points where it did. */
  function keyForTest(endpoint: StoredEndpoint | null, upstream: NewUpstream): string | null {
    if (upstream.apiKey !== undefined) return upstream.apiKey;
    if (endpoint === null || upstream.id === undefined) return null;
    const stored = endpoint.upstreams.find(({ id }) => id === upstream.id);
    if (!stored?.sealedApiKey) return null;
    if (keyMayStay(stored, upstream)) {
      return unseal(
        masterKey,
        stored.sealedApiKey,
        upstreamKeyContext({ ...stored.settings, id: stored.id }),
      );
    }
    throw new AppError(
      'invalid_input',
      'the stored provider key is only sent to the address it was saved for',
      {
        hint: 'Enter the provider key again to test another address.',
        issues: [{ path: 'upstream.apiKey', message: 'enter the provider key again' }],
      },
    );
  }

  return Object.freeze({
    /** Those that are there for the viewer. */
    list: async (viewer: Viewer): Promise<Endpoint[]> =>
      (await store.list()).filter((stored) => reaches(viewer, stored)).map(toEndpoint),

    /** Throws `not_found` for another team's as for one that never was. */
    async get(caller: Caller, id: string): Promise<EndpointDetail> {
      return { ...toEndpoint(await find(caller, id)), may: mayOf(caller) };
    },

    /** What is there for the viewer of all that hangs on endpoints, removed ones included. */
    async sightOf(viewer: Viewer): Promise<Sight> {
      if (viewer.teams === '*' && !viewer.endpoints) return '*';
      const owners = await store.owners();
      const endpoints = owners.filter((owner) => reaches(viewer, owner)).map(({ id }) => id);
      const strays = viewer.endpoints === undefined;
      return strays && endpoints.length === owners.length ? '*' : { endpoints: new Set(endpoints), strays };
    },

    /** As kept, with sealed keys: for the gateways' snapshot. */
    stored: () => store.list(),

    /** Names of those with these ids that are there for the viewer. */
    async names(viewer: Viewer, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
      if (ids.length === 0) return new Map();
      const there = (await store.list()).filter((one) => ids.includes(one.id) && reaches(viewer, one));
      return new Map(there.map(({ id, fields }) => [id, fields.name]));
    },

    usage: () => store.usage(),

    async context(id: string) {
      const stored = await store.find(id);
      if (!stored) return undefined;
      return { canaries: stored.fields.canaries, onGuardError: stored.fields.onGuardError };
    },

    /** Throws `conflict` when the slug is taken, `invalid_input` for what cannot be. */
    async create(actor: Caller, input: NewEndpoint): Promise<Endpoint> {
      if (actor.endpoints) {
        throw new AppError('forbidden', 'this key is for certain endpoints and makes no new ones');
      }
      requireTeam(actor, input.teamId);
      requireSound(input, null, config.demo);
      await requirePolicy(input.policyId);
      demandMayWeaken(actor, weakeningsOfNew(input), { fourEyes: false, nowMs: clock.now() });
      await demandUsualGuards(actor, input);
      try {
        const policyId = input.policyId === undefined ? await firstPolicy() : input.policyId;
        return toEndpoint(await insert(actor, { ...input, policyId }, false));
      } catch (cause) {
        throw describeConflict(cause, input);
      }
    },

    /**
     * Replaces an endpoint. With `expectedUpdatedAt` it throws `conflict` when someone else changed it since
     * the caller read it.
     */
    async update(
      actor: Caller,
      id: string,
      input: NewEndpoint,
      expectedUpdatedAt?: number,
    ): Promise<Endpoint> {
      const before = await find(actor, id);
      const { policyId = before.fields.policyId } = input;
      if (loosens(before, { ...input, policyId })) await reviews.demandFree(actor, 'endpoints.guard');
      requireTeam(actor, input.teamId === before.teamId ? null : input.teamId);
      await requirePolicy(input.policyId);
      const { fourEyes } = await reviews.settings();
      const change = (stored: StoredEndpoint): StoredEndpoint => {
        // It may have been given to another team, or changed so that this needs a review, in this instant.
        if (!reaches(actor, stored)) throw noSuchEndpoint();
        if (loosens(before, stored.fields)) throw changedMeanwhile();
        if (expectedUpdatedAt !== undefined && expectedUpdatedAt !== stored.updatedAt) {
          throw changedMeanwhile();
        }
        requireSound(input, stored, config.demo);
        demandMayTake(actor, stored.teamId, input.teamId);
        demandMayWeaken(actor, weakenings(stored, input), { fourEyes, nowMs: clock.now() });
        return {
          ...stored,
          // Strictly later than before, for it is also what `expectedUpdatedAt` compares.
          updatedAt: Math.max(clock.now(), stored.updatedAt + 1),
          teamId: input.teamId === undefined ? stored.teamId : input.teamId,
          fields: fieldsOf({
            ...input,
            policyId: input.policyId === undefined ? stored.fields.policyId : input.policyId,
          }),
          upstreams: sealUpstreams(input.upstreams, stored.upstreams, masterKey),
        };
      };
      let after: StoredEndpoint | undefined;
      try {
        after = await store.update(id, change, (tx, before, next) =>
          witness(actor, id)(tx, 'endpoints.updated', {
            slug: input.slug,
            changed: changedFields(before, next),
            weakened: weakenings(before, input),
          }),
        );
      } catch (cause) {
        throw describeConflict(cause, input);
      }
      if (!after) throw noSuchEndpoint();
      changed('endpoints.updated');
      return toEndpoint(after);
    },

    async remove(actor: Caller, id: string): Promise<void> {
      await find(actor, id);
      await reviews.demandFree(actor, 'endpoints.remove');
      const done = await store.remove(id, {
        at: clock.now(),
        demand(stored) {
          if (!reaches(actor, stored)) throw noSuchEndpoint();
        },
        witness: (tx, slug) => witness(actor, id)(tx, 'endpoints.removed', { slug }),
      });
      if (!done) throw noSuchEndpoint();
      changed('endpoints.removed');
    },

    async testUpstream(
      actor: Caller,
      request: { readonly endpointId?: string | undefined; readonly upstream: NewUpstream },
      signal: AbortSignal,
    ): Promise<UpstreamTest> {
      const { endpointId, upstream } = request;
      const endpoint = endpointId === undefined ? null : await find(actor, endpointId);
      const issues = upstreamIssues(upstream, 'upstream.', config.demo);
      if (issues.length > 0) {
        throw new AppError('invalid_input', 'this upstream cannot be called', {
          hint: 'Correct what is named and test again.',
          issues,
        });
      }
      const apiKey = keyForTest(endpoint, upstream);
      const result = await testUpstream(upstreamSettings(upstream), apiKey, signal);
      await audit.record({
        actor,
        action: 'endpoints.upstream_tested',
        subject: endpointId ? `endpoint:${endpointId}` : 'endpoint',
        detail: { provider: upstream.provider, baseUrl: upstream.baseUrl, ok: result.ok },
      });
      return result;
    },

    /** The demo endpoint's id; creates it, guarded by the first policy, when it is not there. */
    async seedDemo(): Promise<string> {
      const there = (await store.list()).find((endpoint) => endpoint.demo);
      if (there) return there.id;
      const policyId = await firstPolicy();
      try {
        return (await insert(SYSTEM, { ...DEMO_ENDPOINT, policyId }, true)).id;
      } catch (cause) {
        // Another server was quicker, or people took the name for an endpoint of their own.
        const taken = isUniqueViolation(cause) ? await store.bySlug(DEMO_ENDPOINT.slug) : undefined;
        if (!taken) throw cause;
        return taken.id;
      }
    },
  });
}
export type EndpointService = ReturnType<typeof createEndpointService>;
