import type { Limits, SnapshotEndpoint, SnapshotKey } from '@bartizan/contracts';
import type { ErrorDialect } from '../http/errors.ts';
import { type Problem, problem } from '../http/problem.ts';
import { isLimited } from '../limits/index.ts';
import type { Admission, Limiter, LimitSubject } from '../ports.ts';

/** Who is limited in this request, of those who have limits. */
export function subjectsOf(
  key: SnapshotKey,
  endpoint: SnapshotEndpoint,
  user: string | null,
): LimitSubject[] {
  const subjects: LimitSubject[] = [];
  if (isLimited(key.limits)) subjects.push({ kind: 'key', id: key.id, limits: key.limits });
  if (isLimited(endpoint.limits))
    subjects.push({ kind: 'endpoint', id: endpoint.id, limits: endpoint.limits });
  if (user !== null && isLimited(endpoint.userLimits)) {
    subjects.push({ kind: 'user', id: `${endpoint.id}:${user}`, limits: endpoint.userLimits });
  }
  return subjects;
}

const WHO: Readonly<Record<LimitSubject['kind'], string>> = {
  key: 'this API key',
  endpoint: 'this endpoint',
  user: 'this user',
};
const WHAT: Readonly<Record<keyof Limits, string>> = {
  requestsPerMinute: 'requests per minute',
  tokensPerMinute: 'tokens per minute',
  tokensPerDay: 'tokens per day',
  concurrent: 'requests at once',
};

/** Rate-limit headers as the client's SDK family reads them. */
function limitHeaders(
  denied: Extract<Admission, { admitted: false }>,
  limit: number,
  client: { dialect: ErrorDialect; nowMs: number },
): Record<string, string> {
  // Neither family has headers for requests at once; `retry-after` says enough.
  if (denied.limit === 'concurrent') return {};
  const what = denied.limit === 'requestsPerMinute' ? 'requests' : 'tokens';
  if (client.dialect === 'anthropic') {
    return {
      [`anthropic-ratelimit-${what}-limit`]: String(limit),
      [`anthropic-ratelimit-${what}-remaining`]: '0',
      [`anthropic-ratelimit-${what}-reset`]: new Date(client.nowMs + denied.retryAfterMs).toISOString(),
    };
  }
  return {
    [`x-ratelimit-limit-${what}`]: String(limit),
    [`x-ratelimit-remaining-${what}`]: '0',
    [`x-ratelimit-reset-${what}`]: `${Math.ceil(denied.retryAfterMs / 1000)}s`,
  };
}

export type AdmitResult =
  | {
      readonly ok: true;
      readonly settle: ((tokens: number) => void) | null;
      readonly release: (() => void) | null;
    }
  | { readonly ok: false; readonly problem: Problem };

/** Asks the limiter. Nobody is asked when nobody is limited. */
export function admit(
  limiter: Limiter,
  subjects: readonly LimitSubject[],
  client: { readonly dialect: ErrorDialect; readonly nowMs: number },
): AdmitResult | Promise<AdmitResult> {
  if (subjects.length === 0) return { ok: true, settle: null, release: null };
  const admission = limiter.admit(subjects, client.nowMs);
  return admission instanceof Promise
    ? admission.then((given) => resultOf(given, subjects, client))
    : resultOf(admission, subjects, client);
}

function resultOf(
  admission: Admission,
  subjects: readonly LimitSubject[],
  client: { readonly dialect: ErrorDialect; readonly nowMs: number },
): AdmitResult {
  if (admission.admitted) {
    return { ok: true, settle: admission.settle, release: admission.release ?? null };
  }
  const { retryAfterMs } = admission;
  if (admission.unknown) {
    const message =
      'Limits cannot be counted at the moment, so this request is not taken. Try again shortly.';
    return { ok: false, problem: problem('not_ready', message, { retryAfterMs }) };
  }
  const subject = subjects.find((each) => each.kind === admission.subject);
  const limit = subject?.limits[admission.limit] ?? 0;
  const seconds = Math.max(1, Math.ceil(admission.retryAfterMs / 1000));
  return {
    ok: false,
    problem: problem(
      'rate_limit_exceeded',
      `The limit of ${limit} ${WHAT[admission.limit]} for ${WHO[admission.subject]} is reached. Try again in ${seconds} s.`,
      {
        retryAfterMs: admission.retryAfterMs,
        headers: limitHeaders(admission, limit, client),
      },
    ),
  };
}
