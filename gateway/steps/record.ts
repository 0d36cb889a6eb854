import { hash } from 'node:crypto';
import { textCheck } from '@bartizan/checks/catalogue.ts';
import type { PolicyFinding } from '@bartizan/checks/policy/types.ts';
import type { InteractionRecord } from '@bartizan/contracts';
import type { Exchange } from './exchange.ts';

type RecordedSegment = InteractionRecord['segments'][number];

const DAY_MS = 86_400_000;
const MASK = '█';
const LONGEST_MODEL = 512;
/** Rule of thumb for texts whose tokens nobody counted. */
const CHARS_PER_TOKEN = 4;

/** A check whose spans are worth replacing finds something that a record need not keep. */
const sensitive = (finding: PolicyFinding): boolean =>
  finding.action === 'redact' || (textCheck(finding.check)?.actions.includes('redact') ?? true);

/** Masks spans character by character, so that offsets of all findings stay right. Linear in text and findings. */
export function mask(text: string, findings: readonly PolicyFinding[]): string {
  const hidden = findings
    .filter((finding) => finding.end > finding.start && sensitive(finding))
    .sort((a, b) => a.start - b.start);
  if (hidden.length === 0) return text;
  const out: string[] = [];
  let from = 0;
  for (const { start, end } of hidden) {
    if (end <= from) continue;
    if (start > from) out.push(text.slice(from, start));
    out.push(MASK.repeat(end - Math.max(start, from)));
    from = end;
  }
  out.push(text.slice(from));
  return out.join('');
}

function keptText(
  text: string,
  own: readonly PolicyFinding[],
  retention: InteractionRecord['retention'],
): string | null {
  if (retention === 'hash') return null;
  return retention === 'full' || own.length === 0 ? text : mask(text, own);
}

const NONE: readonly PolicyFinding[] = [];

/** The findings of each segment of a direction. */
function findingsBySegment(
  findings: readonly PolicyFinding[],
  direction: 'input' | 'output',
): (index: number) => readonly PolicyFinding[] {
  if (findings.length === 0) return () => NONE;
  const bySegment = new Map<number, PolicyFinding[]>();
  for (const finding of findings) {
    if (finding.direction !== direction) continue;
    const own = bySegment.get(finding.segment);
    if (own === undefined) bySegment.set(finding.segment, [finding]);
    else own.push(finding);
  }
  return (index) => bySegment.get(index) ?? NONE;
}

function segmentsOf(exchange: Exchange, retention: InteractionRecord['retention']): RecordedSegment[] {
  const segments: RecordedSegment[] = [];
  const inputOf = findingsBySegment(exchange.findings, 'input');
  const outputOf = findingsBySegment(exchange.findings, 'output');
  for (const piece of exchange.input.pieces) {
    segments.push({
      index: piece.index,
      direction: 'input',
      author: piece.author,
      kind: piece.kind,
      path: piece.path,
      text: keptText(piece.text, inputOf(piece.index), retention),
      sha256: hash('sha256', piece.text, 'hex'),
      chars: piece.text.length,
    });
  }
  // Parts that are not text were not judged; the record says so, with the digest of what was passed on.
  for (const [offset, part] of exchange.input.unread.entries()) {
    segments.push({
      index: exchange.input.pieces.length + offset,
      direction: 'input',
      author: 'third_party',
      kind: 'document',
      path: part.path,
      text: retention === 'hash' ? null : `[not judged: ${part.kind}, ${part.label.slice(0, 100)}]`,
      sha256: hash('sha256', part.content, 'hex'),
      chars: part.content.length,
    });
  }
  for (const piece of exchange.answer) {
    segments.push({
      index: piece.index,
      direction: 'output',
      author: piece.author,
      kind: piece.kind,
      path: piece.path,
      text: keptText(piece.text, outputOf(piece.index), retention),
      sha256: hash('sha256', piece.text, 'hex'),
      chars: piece.text.length,
    });
  }
  return segments;
}

/** More findings than this tell a reader nothing more; all of them were acted on, and masked. */
const MOST_RECORDED_FINDINGS = 2_000;

/** The findings worth keeping: all, or the strongest and earliest where there are too many. */
function recorded(findings: readonly PolicyFinding[]): readonly PolicyFinding[] {
  if (findings.length <= MOST_RECORDED_FINDINGS) return findings;
  const decisive = findings.filter(({ action }) => action === 'block').slice(0, MOST_RECORDED_FINDINGS);
  const room = MOST_RECORDED_FINDINGS - decisive.length;
  return [...decisive, ...findings.filter(({ action }) => action !== 'block').slice(0, room)];
}

/** A finding as it crosses the wire, without what only redaction needs. */
function onWire(finding: PolicyFinding): InteractionRecord['findings'][number] {
  const { replacement: _replacement, ...rest } = finding;
  return rest;
}

/** The record of an exchange that is over but for its last byte. */
export function recordOf(exchange: Exchange, gatewayId: string): InteractionRecord {
  const { endpoint, key, policy } = exchange;
  const retention = endpoint?.retention.content ?? 'hash';
  const full = retention === 'full';
  return {
    id: exchange.id,
    at: exchange.at,
    gatewayId,
    requestId: exchange.requestId,
    endpointId: endpoint?.id ?? null,
    endpointSlug: endpoint?.slug ?? '',
    keyId: key.id,
    keyName: key.name,
    user: exchange.user,
    api: exchange.format.api,
    model: exchange.model.slice(0, LONGEST_MODEL),
    upstreamModel: exchange.upstreamModel?.slice(0, LONGEST_MODEL) ?? null,
    upstreamId: exchange.upstreamId,
    streamed: exchange.streamed,
    status: exchange.status,
    outcome: exchange.outcome,
    verdict: exchange.verdict,
    wouldBe: exchange.wouldBe,
    policyId: policy?.id ?? null,
    policyVersion: policy?.version ?? null,
    snapshotVersion: exchange.live.version,
    findings: recorded(exchange.findings).map(onWire),
    guardErrors: exchange.guardErrors,
    attempts: [...exchange.attempts],
    timings: {
      totalMs: performance.now() - exchange.started,
      guardMs: exchange.guardMs,
      upstreamMs: exchange.upstreamMs,
      firstTokenMs: exchange.firstTokenMs,
      guards: exchange.guardTimings,
    },
    usage: exchange.usage,
    retention,
    expiresAt: exchange.at + (endpoint?.retention.days ?? 1) * DAY_MS,
    segments: segmentsOf(exchange, retention),
    rawRequest: full ? exchange.bytes.toString('utf8', 0, exchange.bytes.length) : null,
    rawResponse: full ? exchange.rawResponse : null,
    error: exchange.error,
    ...(exchange.traceId === null ? {} : { traceId: exchange.traceId }),
  };
}

/** Tokens used, for limits: as reported, else estimated from the length of the texts. */
export function tokensOf(exchange: Exchange): number {
  if (exchange.usage !== null) return exchange.usage.inputTokens + exchange.usage.outputTokens;
  let chars = 0;
  for (const piece of exchange.input.pieces) chars += piece.text.length;
  for (const piece of exchange.answer) chars += piece.text.length;
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
