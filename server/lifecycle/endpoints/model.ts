import { randomUUID } from 'node:crypto';
import type { Endpoint, EndpointInput, UpstreamInput } from '@bartizan/contracts';
import { type MasterKey, seal } from '@bartizan/contracts/sealed.ts';
import { originOf, upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import type { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import { urlProblem } from '../../platform/outbound/index.ts';
import type { Fields, StoredEndpoint, StoredUpstream, UpstreamSettings } from './store.ts';

export type NewEndpoint = z.output<typeof EndpointInput>;
/** An endpoint whose policy, or having none, is settled. */
export type SettledEndpoint = NewEndpoint & { readonly policyId: string | null };
export type NewUpstream = z.output<typeof UpstreamInput>;

interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Shows that a key is there and which, without the key: its last four characters, none of a short one. */
export const hintOf = (apiKey: string): string => (apiKey.length >= 16 ? apiKey.slice(-4) : '');

export const noSuchEndpoint = (): AppError =>
  new AppError('not_found', 'there is no such endpoint', { hint: 'List the endpoints to see their ids.' });

/** As people see it: provider keys only as a hint. */
export function toEndpoint(stored: StoredEndpoint): Endpoint {
  return {
    ...stored.fields,
    id: stored.id,
    kind: 'llm',
    upstreams: stored.upstreams.map((upstream) => ({
      ...upstream.settings,
      id: upstream.id,
      hasApiKey: upstream.sealedApiKey !== null,
      apiKeyHint: upstream.apiKeyHint,
    })),
    demo: stored.demo,
    teamId: stored.teamId,
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
  };
}

export function fieldsOf(input: SettledEndpoint): Fields {
  const { upstreams: _, teamId: _t, ...fields } = input;
  return fields;
}

export function upstreamSettings(input: NewUpstream): UpstreamSettings {
  const { id: _i, apiKey: _k, ...settings } = input;
  return settings;
}

/**
 * True when a stored key may be used for what is now asked for. A key never follows its upstream to another
 * address by itself: who may edit endpoints could otherwise have it sent to a server of their own.
 */
export function keyMayStay(
  stored: StoredUpstream,
  next: Pick<UpstreamSettings, 'baseUrl' | 'provider'>,
): boolean {
  return originOf(stored.settings) === originOf(next) && stored.settings.provider === next.provider;
}

/** Why an upstream cannot be as given; empty when it can. */
export function upstreamIssues(input: NewUpstream, path: string, demoOffered: boolean): Issue[] {
  if (input.provider === 'demo') {
    if (!demoOffered) {
      return [{ path: `${path}provider`, message: 'the demo assistant is turned off on this instance' }];
    }
    return input.baseUrl === ''
      ? []
      : [{ path: `${path}baseUrl`, message: 'the demo assistant is built in; leave the address empty' }];
  }
  if (input.baseUrl === '') {
    return [{ path: `${path}baseUrl`, message: 'give the address, e.g. https://api.openai.com/v1' }];
  }
  const problem = urlProblem(new URL(input.baseUrl), input.allowPrivateNetwork);
  return problem === null ? [] : [{ path: `${path}baseUrl`, message: `this address is refused: ${problem}` }];
}

function repeatedIds(upstreams: readonly NewUpstream[]): Issue[] {
  const seen = new Set<string>();
  return upstreams.flatMap(({ id }, index) => {
    if (id === undefined || !seen.has(id)) {
      if (id !== undefined) seen.add(id);
      return [];
    }
    return [{ path: `upstreams.${index}.id`, message: 'two upstreams have the same id' }];
  });
}

/** Throws `invalid_input` with every problem of an endpoint's upstreams and models. */
export function requireSound(input: NewEndpoint, stored: StoredEndpoint | null, demoOffered: boolean): void {
  const known = new Map(stored?.upstreams.map((upstream) => [upstream.id, upstream]));
  const issues = input.upstreams.flatMap((upstream, index): Issue[] => {
    const path = `upstreams.${index}.`;
    const before = upstream.id === undefined ? undefined : known.get(upstream.id);
    if (upstream.id !== undefined && stored !== null && !before) {
      return [
        { path: `${path}id`, message: 'this endpoint has no such upstream; leave the id out for a new one' },
      ];
    }
    const keepsDemo = before?.settings.provider === 'demo';
    const found = upstreamIssues(upstream, path, demoOffered || keepsDemo);
    const keepsKey = before !== undefined && before.sealedApiKey !== null && upstream.apiKey === undefined;
    if (found.length === 0 && keepsKey && !keyMayStay(before, upstream)) {
      found.push({
        path: `${path}apiKey`,
        message: 'the address or provider changed; enter the provider key again, or remove it',
      });
    }
    return found;
  });
  const names = input.models.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) {
      issues.push({ path: `models.${index}.name`, message: `"${name}" is listed twice` });
    }
  }
  issues.push(...repeatedIds(input.upstreams));
  if (issues.length === 0) return;
  throw new AppError('invalid_input', 'the endpoint cannot be used as it is', {
    hint: 'Correct what is named and save again.',
    issues,
  });
}

/** Upstreams as they will be stored: a key that is given is sealed, null removes, absent keeps. */
export function sealUpstreams(
  inputs: readonly NewUpstream[],
  stored: readonly StoredUpstream[],
  master: MasterKey,
): StoredUpstream[] {
  const known = new Map(stored.map((upstream) => [upstream.id, upstream]));
  return inputs.map((input) => {
    const before = input.id === undefined ? undefined : known.get(input.id);
    const id = before?.id ?? randomUUID();
    const settings = upstreamSettings(input);
    if (input.apiKey === undefined) {
      return {
        id,
        settings,
        sealedApiKey: before?.sealedApiKey ?? null,
        apiKeyHint: before?.apiKeyHint ?? '',
      };
    }
    if (input.apiKey === null) return { id, settings, sealedApiKey: null, apiKeyHint: '' };
    const sealedApiKey = seal(master, input.apiKey, upstreamKeyContext({ ...settings, id }));
    return { id, settings, sealedApiKey, apiKeyHint: hintOf(input.apiKey) };
  });
}
