import { redactSegments } from '@bartizan/checks/policy/redact.ts';
import type { CompiledPolicy, Decision, PolicyFinding } from '@bartizan/checks/policy/types.ts';
import { createVault, type Vault } from '@bartizan/checks/policy/vault.ts';
import type { Direction, TextContext } from '@bartizan/checks/text/types.ts';
import type { Gathered, Piece } from '../formats/gather.ts';
import { type Problem, problem } from '../http/problem.ts';
import { type Exchange, enterDecision, flag } from './exchange.ts';
import { joinedParts, withSeams } from './seams.ts';

/** Guards that answer later than this have failed, whatever time their own policy gives them. */
const LONGEST_INSPECTION_MS = 15_000;

/** What the conversation tells the guards beside the segments themselves. */
export function contextOf(exchange: Exchange): TextContext {
  const operatorTexts: string[] = [];
  const userTexts: string[] = [];
  for (const piece of exchange.input.pieces) {
    if (piece.author === 'operator' && piece.kind === 'message') operatorTexts.push(piece.text);
    else if (piece.author === 'user') userTexts.push(piece.text);
  }
  return {
    operatorTexts,
    userTexts,
    canaries: exchange.endpoint?.canaries ?? [],
    tools: exchange.input.tools,
    ...(exchange.endpoint === null ? {} : { client: exchange.endpoint.id }),
    partial: false,
  };
}

/** What a guard that throws or hangs comes to. */
const failed = (message: string): Decision => ({
  verdict: 'allow',
  wouldBe: 'allow',
  findings: [],
  coaching: '',
  errors: [{ check: 'gateway/inspection', message }],
  timings: [],
});

async function inTime(decision: Promise<Decision>): Promise<Decision> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Decision>((resolve) => {
    timer = setTimeout(
      () => resolve(failed(`no decision within ${LONGEST_INSPECTION_MS} ms`)),
      LONGEST_INSPECTION_MS,
    );
  });
  try {
    return await Promise.race([decision, late]);
  } catch {
    return failed('the inspection threw');
  } finally {
    clearTimeout(timer);
  }
}

/** Judges each piece by itself, and parts of one message where they meet. */
function inspectPieces(
  exchange: Exchange,
  compiled: CompiledPolicy,
  direction: Direction,
  pieces: readonly Piece[],
): Decision | Promise<Decision> {
  const endpointId = exchange.endpoint?.id ?? null;
  const context = contextOf(exchange);
  const { signal } = exchange.abort;
  const alone = compiled.inspect({ direction, endpointId, segments: pieces, context, signal });
  const joined = joinedParts(pieces);
  if (joined.length === 0) return alone;
  const add = (decision: Decision): Decision | Promise<Decision> => {
    // What is refused already need not be looked at again.
    if (decision.verdict === 'block') return decision;
    const segments = joined.map(({ segment }) => segment);
    const together = compiled.inspect({ direction, endpointId, segments, context, signal });
    return together instanceof Promise
      ? together.then((late) => withSeams(decision, late, joined))
      : withSeams(decision, together, joined);
  };
  return alone instanceof Promise ? alone.then(add) : add(alone);
}

/** Judges gathered pieces by the endpoint's policy; null when it has no rule for the direction. */
export async function judge(
  exchange: Exchange,
  direction: Direction,
  pieces: readonly Piece[],
): Promise<Decision | null> {
  const { policy, endpoint } = exchange;
  if (policy === null || endpoint === null || pieces.length === 0) return null;
  if (!policy.compiled.hasRules(direction, endpoint.id)) return null;
  const started = performance.now();
  let decision: Decision | Promise<Decision>;
  try {
    decision = inspectPieces(exchange, policy.compiled, direction, pieces);
  } catch {
    decision = failed('the inspection threw');
  }
  if (decision instanceof Promise) decision = await inTime(decision);
  exchange.guardMs += performance.now() - started;
  exchange.trace?.inspected(direction, started, decision);
  enterDecision(exchange, decision);
  exchange.guardTimings.push(...decision.timings);
  return decision;
}

const unique = (findings: readonly PolicyFinding[]): string =>
  [...new Set(findings.map((finding) => finding.check))].join(', ');

/** The refusal of a blocked text: names the checks, and says what to do instead. */
export function blockedProblem(
  direction: Direction,
  findings: readonly PolicyFinding[],
  coaching: string,
): Problem {
  const blocking = findings.filter((finding) => finding.action === 'block');
  const checks = unique(blocking.length > 0 ? blocking : findings);
  const what = direction === 'input' ? 'This request was blocked' : 'The answer to this request was blocked';
  return problem('guard_blocked', `${what} by a guard (${checks}).${coaching === '' ? '' : ` ${coaching}`}`);
}

/** The refusal when guards could not judge. The guard's own message stays in the record. */
export function failedProblem(errors: readonly { readonly check: string }[]): Problem {
  const checks = [...new Set(errors.map((error) => error.check))].join(', ');
  return problem(
    'guard_failed',
    `A guard could not judge this request (${checks}), so it was refused. Try again; if it stays so, tell the operator of this gateway.`,
  );
}

/** Blocked or failed, by the policy's mode and the endpoint's `onGuardError`; null when it may go on. */
export function refusalOf(exchange: Exchange, direction: Direction, decision: Decision): Problem | null {
  if (decision.verdict === 'block') return blockedProblem(direction, decision.findings, decision.coaching);
  const denies = exchange.endpoint?.onGuardError !== 'allow' && exchange.policy?.compiled.mode === 'enforce';
  return decision.errors.length > 0 && denies ? failedProblem(decision.errors) : null;
}

const BARE_PLACEHOLDER = /(?<=[:,[]\s{0,8})\[[A-Z][A-Z0-9_]{0,60}\](?=\s{0,8}[,}\]])/g;

/** Keeps JSON parseable when a bare number in it became a placeholder. */
function keepJson(before: string, after: string): string {
  if (parses(after) || !parses(before)) return after;
  return after.replace(BARE_PLACEHOLDER, '"$&"');
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Writes redacted texts back into the body they came from. True when something changed. */
export function writeRedactions(
  pieces: readonly Piece[],
  findings: readonly PolicyFinding[],
  vault: Vault,
): boolean {
  const texts = redactSegments(pieces, findings, vault);
  let changed = false;
  for (let i = 0; i < pieces.length; i += 1) {
    const piece = pieces[i] as Piece;
    const text = texts[i] as string;
    if (text === piece.text) continue;
    piece.write(piece.json ? keepJson(piece.text, text) : text);
    changed = true;
  }
  return changed;
}

/** Parts that no guard can read: a refusal, or a mark in the record. Media passes (and is recorded). */
function unreadProblem(exchange: Exchange, gathered: Gathered): Problem | null {
  const documents = gathered.unread.filter((part) => part.kind === 'document');
  if (documents.length === 0) return null;
  const first = documents[0]?.path ?? '';
  if (exchange.endpoint?.onGuardError !== 'allow' && exchange.policy?.compiled.mode === 'enforce') {
    return problem(
      'unreadable_content',
      `The document at ${first} cannot be read by this endpoint's guards (a file by reference, or not text). Send its text instead, or ask the operator to let such documents through.`,
      { param: first },
    );
  }
  for (const part of documents) {
    exchange.guardErrors.push({
      check: 'gateway/unread-document',
      message: `${part.path} was passed on unread`,
    });
  }
  flag(exchange);
  return null;
}

/** Inspects what the model would read, and takes out what must not reach it. */
export async function inspectInput(exchange: Exchange): Promise<Problem | null> {
  const { policy, endpoint, input } = exchange;
  if (policy === null || endpoint === null || !policy.compiled.hasRules('input', endpoint.id)) return null;
  const decision = await judge(exchange, 'input', input.pieces);
  if (decision !== null) {
    const refusal = refusalOf(exchange, 'input', decision);
    if (refusal !== null) return refusal;
    if (decision.verdict === 'redact') {
      exchange.vault = createVault();
      exchange.changed = writeRedactions(input.pieces, decision.findings, exchange.vault);
    }
  }
  return unreadProblem(exchange, input);
}
