import { tooLarge } from '../http/body.ts';
import { parseBody } from '../http/json.ts';
import { type Problem, problem } from '../http/problem.ts';
import type { Limiter } from '../ports.ts';
import { type AdmitResult, admit, subjectsOf } from './admit.ts';
import type { Exchange } from './exchange.ts';
import { resolve, type Scope } from './resolve.ts';

/** Parses the bytes and checks the members that the gateway itself goes by. */
export function readRequest(exchange: Exchange): Problem | null {
  const parsed = parseBody(exchange.bytes);
  if (!parsed.ok) return parsed.problem;
  exchange.body = parsed.body;
  const { model, stream } = parsed.body.value;
  if (typeof model !== 'string' || model === '') {
    return problem('invalid_request', '`model` must be a string that names a model.', { param: 'model' });
  }
  exchange.model = model;
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    return problem('invalid_request', '`stream` must be true or false.', { param: 'stream' });
  }
  exchange.streamed = stream === true && exchange.format.streams;
  exchange.user = exchange.format.userOf(parsed.body.value);
  return null;
}

/** Finds endpoint, model and policy. `named` is the endpoint that path or header names. */
export function resolveTarget(exchange: Exchange, scope: Scope, named: string | null): Problem | null {
  const resolution = resolve(scope, named, exchange.model);
  if (!resolution.ok) {
    exchange.endpoint = resolution.endpoint;
    return resolution.problem;
  }
  const { endpoint, model, upstreamModel } = resolution.target;
  exchange.endpoint = endpoint;
  exchange.model = model;
  exchange.upstreamModel = upstreamModel;
  exchange.policy = exchange.live.policyOf(endpoint);
  if (endpoint.policyId !== null && exchange.policy === null) {
    return problem(
      'guard_failed',
      'The guard policy of this endpoint is missing. Tell the operator of this gateway.',
    );
  }
  return exchange.bytes.length > endpoint.maxRequestBytes ? tooLarge(endpoint.maxRequestBytes) : null;
}

/** Asks the limits; at once, unless they must be asked for elsewhere. */
export function admitRequest(exchange: Exchange, limiter: Limiter): Problem | null | Promise<Problem | null> {
  if (exchange.endpoint === null) return null;
  const result = admit(limiter, subjectsOf(exchange.key, exchange.endpoint, exchange.user), {
    dialect: exchange.format.dialect,
    nowMs: exchange.at,
  });
  return result instanceof Promise
    ? result.then((given) => enterAdmission(exchange, given))
    : enterAdmission(exchange, result);
}

function enterAdmission(exchange: Exchange, result: AdmitResult): Problem | null {
  if (!result.ok) return result.problem;
  exchange.settle = result.settle;
  exchange.release = result.release;
  return null;
}

/** Turns the body into segments. */
export function gatherInput(exchange: Exchange): Problem | null {
  const { body, endpoint, policy, format, input } = exchange;
  if (body === null || endpoint === null) return null;
  const compiled = policy?.compiled;
  format.readRequest(body.value, input, {
    guardsInput: compiled?.hasRules('input', endpoint.id) ?? false,
    guardsOutput: compiled?.hasRules('output', endpoint.id) ?? false,
  });
  // What is refused unread need not be kept.
  if (input.problem !== null) input.pieces.length = 0;
  return input.problem;
}
