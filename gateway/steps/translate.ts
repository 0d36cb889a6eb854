import type { SnapshotUpstream } from '@bartizan/contracts';
import { isObject, type JsonObject } from '../http/json.ts';
import { type Problem, problem } from '../http/problem.ts';
import { type LiveConfiguration, UpstreamFailure, type UpstreamUnavailable } from '../ports.ts';

const LONGEST_MESSAGE = 1_000;
const CREDENTIAL =
  /\b(?:sk|pk|rk|xai|gsk|bz|key|AKIA|AIza|ghp|glpat|hf)[-_]?[A-Za-z0-9*_.-]{8,300}|\b[Bb]earer\s{1,4}\S{1,300}/g;
const PLAIN_CODE = /^[\w.-]{1,80}$/;
const PLAIN_PARAM = /^[\w.[\]-]{1,120}$/;

/** As few characters of a key in a row as are taken for a part of it. */
const KEY_PART = 8;

/** Forms in which a key may be repeated: as it is, and in base64 wherever in a group of three it begins. */
function formsOf(key: string): string[] {
  const encoded = [0, 1, 2].flatMap((lead) => {
    // The first and the last group mix with what stands beside the key.
    const bytes = Buffer.from(`${' '.repeat(lead)}${key}`, 'utf8');
    return [bytes.toString('base64'), bytes.toString('base64url')].map((text) => text.slice(4, -4));
  });
  return [key, ...encoded];
}

/** Replaces every stretch of `text` that is part of `key` by `[credential]`. */
function without(text: string, key: string): string {
  const hidden = new Uint8Array(text.length);
  let found = false;
  for (let from = 0; from + KEY_PART <= key.length; from += 1) {
    const part = key.slice(from, from + KEY_PART);
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
      hidden.fill(1, at, at + KEY_PART);
      found = true;
    }
  }
  if (!found) return text;
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    if (hidden[i] === 0) out += text[i];
    else if (i === 0 || hidden[i - 1] === 0) out += '[credential]';
  }
  return out;
}

/** Takes out the provider key, whole, in part or in base64, and whatever else looks like a credential. */
export function scrub(message: string, providerKey: string | null): string {
  let clean = message.slice(0, LONGEST_MESSAGE * 4);
  if (providerKey !== null && providerKey.length >= KEY_PART) {
    for (const form of formsOf(providerKey)) clean = without(clean, form);
  }
  return clean.replace(CREDENTIAL, '[credential]').slice(0, LONGEST_MESSAGE);
}

/** A short word of an upstream's error; null when it is no plain one or holds a credential. */
function plainWord(value: unknown, form: RegExp, providerKey: string | null): string | null {
  if (typeof value !== 'string' || !form.test(value)) return null;
  return scrub(value, providerKey) === value ? value : null;
}

function messageOf(body: unknown): JsonObject | null {
  if (!isObject(body)) return null;
  if (isObject(body.error)) return body.error;
  return typeof body.message === 'string' ? body : null;
}

/** How long an upstream asks to wait, in milliseconds; null when it does not say. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const exact = Number(headers['retry-after-ms']);
  if (Number.isFinite(exact) && exact > 0) return Math.min(exact, 3_600_000);
  const value = headers['retry-after'];
  if (value === undefined) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds > 0 ? Math.min(seconds * 1000, 3_600_000) : null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - nowMs), 3_600_000);
}

/** Statuses whose cause is the request itself, so that its sender must read the upstream's words. */
const CALLERS_FAULT = new Set([400, 404, 405, 409, 413, 415, 422, 424]);

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed error body, or null. */
  readonly body: unknown;
  readonly upstream: SnapshotUpstream;
}

/**
 * An upstream's refusal in our own words where it is about the gateway (credentials, overload, faults), and
 * with the upstream's scrubbed message where it is about the request.
 */
export function upstreamRefusal(refusal: Refusal, live: LiveConfiguration, nowMs: number): Problem {
  const { status, headers, upstream } = refusal;
  const wait = retryAfterMs(headers, nowMs);
  if (status === 401 || status === 402 || status === 403) {
    return problem(
      'upstream_credentials',
      "The model provider refused the gateway's own credentials. Tell the operator of this gateway; your key is fine.",
    );
  }
  if (status === 429) {
    return problem('upstream_refused', 'The model provider limits its rate. Try again later.', {
      status: 429,
      retryAfterMs: wait,
      publicCode: 'rate_limit_exceeded',
    });
  }
  if (CALLERS_FAULT.has(status)) {
    const error = messageOf(refusal.body);
    const message =
      typeof error?.message === 'string' ? error.message : `The model provider answered ${status}.`;
    const key = live.apiKeyOf(upstream);
    return problem('upstream_refused', scrub(message, key), {
      status,
      param: plainWord(error?.param, PLAIN_PARAM, key),
      publicCode: plainWord(error?.code, PLAIN_CODE, key),
    });
  }
  if (status === 408 || status === 504) return timeoutProblem();
  if (status === 503 || status === 529) {
    const overloaded = upstream.provider === 'anthropic' ? 529 : 503;
    return problem('upstream_unavailable', 'The model provider is overloaded. Try again later.', {
      status: status === 529 ? overloaded : 503,
      retryAfterMs: wait,
    });
  }
  return problem('upstream_error', `The model provider failed (status ${status}). Try again.`, {
    retryAfterMs: wait,
  });
}

export const timeoutProblem = (): Problem =>
  problem('upstream_timeout', 'The model provider did not answer in time. Try again.');

/** Why no upstream could be asked. */
export function unavailable(answer: UpstreamUnavailable, what: { api: string; slug: string }): Problem {
  switch (answer.reason) {
    case 'no_upstream':
      return problem(
        'no_upstream',
        `The endpoint "${what.slug}" has no upstream for the ${what.api} API. Use the API of its upstreams, or ask its operator to add one.`,
      );
    case 'timeout':
      return timeoutProblem();
    case 'cancelled':
      return problem('client_closed', 'The client closed the connection.');
    case 'circuit_open':
      return problem(
        'upstream_unavailable',
        'The model provider has been failing and is given a pause. Try again later.',
        {
          retryAfterMs: answer.retryAfterMs ?? 1000,
        },
      );
    case 'connection':
      return problem('upstream_error', 'The model provider cannot be reached. Try again.', {
        retryAfterMs: answer.retryAfterMs,
      });
  }
}

/** What went wrong while an answer arrived. Anything unknown is our own fault and says nothing. */
export function failureProblem(error: unknown): Problem {
  if (!(error instanceof UpstreamFailure)) {
    return problem('internal_error', 'The gateway failed to answer this request.');
  }
  switch (error.kind) {
    case 'timeout':
      return timeoutProblem();
    case 'too_large':
      return problem(
        'upstream_too_large',
        'The answer of the model provider is larger than this endpoint accepts.',
      );
    case 'garbage':
      return garbage();
    case 'cancelled':
      return problem('client_closed', 'The client closed the connection.');
    case 'connection':
      return problem('upstream_error', 'The connection to the model provider broke off. Try again.');
  }
}

export const garbage = (detail = 'an answer that cannot be read'): Problem =>
  problem(
    'upstream_garbage',
    `The model provider sent ${detail}. Try again, or tell the operator of this gateway.`,
  );
