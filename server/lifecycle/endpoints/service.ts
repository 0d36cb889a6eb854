import { isDeepStrictEqual } from 'node:util';
import type { Endpoint } from '@bartizan/contracts';
import { unseal } from '@bartizan/contracts/sealed.ts';
import { type Actor, SYSTEM } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { PolicyService } from '../policies/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { isForeignKeyViolation, isUniqueViolation } from '../sql-state.ts';
import { DEMO_ENDPOINT } from './demo.ts';
import {
  fieldsOf,
  keyMayStay,
  type NewEndpoint,
  type NewUpstream,
  noSuchEndpoint,
  requireSound,
  type SettledEndpoint,
  sealContext,
  sealUpstreams,
  toEndpoint,
  upstreamIssues,
  upstreamSettings,
} from './model.ts';
import { createEndpointStore, type StoredEndpoint } from './store.ts';
import { testUpstream, type UpstreamTest } from './test-upstream.ts';

export interface EndpointDeps
  extends Pick<LifecycleDeps, 'database' | 'masterKey' | 'audit' | 'events' | 'clock' | 'config'> {
  readonly policies: Pick<PolicyService, 'exists' | 'list'>;
}

function describeConflict(cause: unknown, input: Pick<NewEndpoint, 'slug'>): unknown {
  if (isUniqueViolation(cause)) {
    return new AppError('conflict', `the name "${input.slug}" is already taken by another endpoint`, {
      hint: 'Choose another slug: clients use it in their base URL, so it must be unique.',
      issues: [{ path: 'slug', message: 'already taken' }],
      cause,
    });
  }
  return isForeignKeyViolation(cause) ? unknownPolicy(cause) : cause;
}

const unknownPolicy = (cause?: unknown): AppError =>
  new AppError('invalid_input', 'the endpoint names a policy that does not exist', {
    hint: 'Choose one of the policies in the list, or none.',
    issues: [{ path: 'policyId', message: 'there is no such policy' }],
    cause,
  });

/** What changed between two versions of an endpoint, by field name; never a value, for values may be secret. */
function changedFields(before: StoredEndpoint, after: StoredEndpoint): string[] {
  const names = Object.keys(after.fields) as (keyof StoredEndpoint['fields'])[];
  const changed: string[] = names.filter(
    (name) => !isDeepStrictEqual(before.fields[name], after.fields[name]),
  );
  if (!isDeepStrictEqual(before.upstreams, after.upstreams)) changed.push('upstreams');
  return changed;
}

export function createEndpointService(deps: EndpointDeps) {
  const { masterKey, audit, events, clock, config, policies } = deps;
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
      createdAt: now,
      updatedAt: now,
      fields: fieldsOf(input),
      upstreams: sealUpstreams(input.upstreams, [], masterKey),
    };
    await store.create(endpoint, (tx) =>
      witness(actor, endpoint.id)(tx, 'endpoints.created', { slug: input.slug }),
    );
    changed('endpoints.created');
    return endpoint;
  }

  /** The key to test with: the one given, or the stored one if the upstream still points where it did. */
  async function keyForTest(endpointId: string | undefined, upstream: NewUpstream): Promise<string | null> {
    if (upstream.apiKey !== undefined) return upstream.apiKey;
    if (endpointId === undefined || upstream.id === undefined) return null;
    const stored = (await store.find(endpointId))?.upstreams.find(({ id }) => id === upstream.id);
    if (!stored?.sealedApiKey) return null;
    if (keyMayStay(stored, upstream)) return unseal(masterKey, stored.sealedApiKey, sealContext(stored.id));
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
    list: async (): Promise<Endpoint[]> => (await store.list()).map(toEndpoint),

    async get(id: string): Promise<Endpoint> {
      const stored = await store.find(id);
      if (!stored) throw noSuchEndpoint();
      return toEndpoint(stored);
    },

    /** As kept, with sealed keys: for the gateways' snapshot. */
    stored: () => store.list(),

    usage: () => store.usage(),

    async context(id: string) {
      const stored = await store.find(id);
      if (!stored) return undefined;
      return { canaries: stored.fields.canaries, onGuardError: stored.fields.onGuardError };
    },

    /** Throws `conflict` when the slug is taken, `invalid_input` for what cannot be. */
    async create(actor: Actor, input: NewEndpoint): Promise<Endpoint> {
      requireSound(input, null, config.demo);
      await requirePolicy(input.policyId);
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
      actor: Actor,
      id: string,
      input: NewEndpoint,
      expectedUpdatedAt?: number,
    ): Promise<Endpoint> {
      await requirePolicy(input.policyId);
      const change = (stored: StoredEndpoint): StoredEndpoint => {
        if (expectedUpdatedAt !== undefined && expectedUpdatedAt !== stored.updatedAt) {
          throw new AppError('conflict', 'someone else changed this endpoint in the meantime', {
            hint: 'Load it again, look at the changes, and save yours on top.',
          });
        }
        requireSound(input, stored, config.demo);
        return {
          ...stored,
          // Strictly later than before, for it is also what `expectedUpdatedAt` compares.
          updatedAt: Math.max(clock.now(), stored.updatedAt + 1),
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
          }),
        );
      } catch (cause) {
        throw describeConflict(cause, input);
      }
      if (!after) throw noSuchEndpoint();
      changed('endpoints.updated');
      return toEndpoint(after);
    },

    async remove(actor: Actor, id: string): Promise<void> {
      const done = await store.remove(id, (tx, slug) =>
        witness(actor, id)(tx, 'endpoints.removed', { slug }),
      );
      if (!done) throw noSuchEndpoint();
      changed('endpoints.removed');
    },

    async testUpstream(
      actor: Actor,
      request: { readonly endpointId?: string | undefined; readonly upstream: NewUpstream },
      signal: AbortSignal,
    ): Promise<UpstreamTest> {
      const { endpointId, upstream } = request;
      const issues = upstreamIssues(upstream, 'upstream.', config.demo);
      if (issues.length > 0) {
        throw new AppError('invalid_input', 'this upstream cannot be called', {
          hint: 'Correct what is named and test again.',
          issues,
        });
      }
      const apiKey = await keyForTest(endpointId, upstream);
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
