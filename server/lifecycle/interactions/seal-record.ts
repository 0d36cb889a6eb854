import type { InteractionRecord } from '@bartizan/contracts';
import { sealPart } from './content.ts';
import type { ContentKeys } from './content-keys.ts';
import { NO_DAY } from './content-keys.ts';
import { checksOf, excerptOf, keptTexts, type RecordBody, tokensOf } from './model.ts';
import type { Row } from './pages.ts';
import { partitionDay } from './partitions.ts';
import { type BlindIndex, wordsOf } from './words.ts';

/** A record made ready for its two tables. */
export interface Prepared {
  readonly record: InteractionRecord;
  readonly body: RecordBody;
  /** As it will be listed. */
  readonly summary: Row;
  /** Columns of `interactions`, as `json_to_recordset` reads them. */
  readonly row: Readonly<Record<string, unknown>>;
  readonly keyDay: number;
  readonly excerpt: Buffer | null;
  readonly sealedBody: Buffer;
  readonly raw: Buffer | null;
  /** Hashes for the blind index, as decimal numbers. */
  readonly words: readonly string[];
}

const MAX_INT4 = 2 ** 31 - 1;
const int4 = (value: number): number => Math.max(Math.min(value, MAX_INT4), -MAX_INT4);

/** PostgreSQL text holds neither NUL nor lone surrogates; the sealed body keeps them. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
const storableOrNull = (text: string | null): string | null => (text === null ? null : storable(text));

function summaryOf(record: InteractionRecord): Row {
  return {
    id: record.id,
    at: record.at,
    endpointId: record.endpointId,
    endpointSlug: record.endpointSlug,
    keyId: record.keyId,
    keyName: record.keyName,
    user: record.user,
    api: record.api,
    model: record.model,
    streamed: record.streamed,
    status: record.status,
    outcome: record.outcome,
    verdict: record.verdict,
    wouldBe: record.wouldBe,
    checks: checksOf(record),
    totalMs: record.timings.totalMs,
    tokens: tokensOf(record),
  };
}

function rowOf(record: InteractionRecord, body: RecordBody): Prepared['row'] {
  return {
    at: record.at,
    id: record.id,
    expires_at: record.expiresAt,
    endpoint_id: record.endpointId,
    endpoint_slug: storable(record.endpointSlug),
    key_id: record.keyId,
    key_name: storable(record.keyName),
    user_name: storableOrNull(record.user),
    api: record.api,
    model: storable(record.model),
    streamed: record.streamed,
    status: int4(record.status),
    outcome: record.outcome,
    verdict: record.verdict,
    would_be: record.wouldBe,
    checks: checksOf(body).map(storable),
    total_ms: record.timings.totalMs,
    tokens: tokensOf(body),
    policy_id: record.policyId,
    policy_version: record.policyVersion === null ? null : int4(record.policyVersion),
    retention: record.retention,
  };
}

/** Seals the content of a record with the key of its day and hashes its words. */
export async function prepare(
  record: InteractionRecord,
  deps: {
    readonly keys: Pick<ContentKeys, 'forSealing'>;
    readonly index: BlindIndex;
    readonly nowMs: number;
  },
): Promise<Prepared> {
  const keyDay = partitionDay(record.at, deps.nowMs) ?? NO_DAY;
  const key = await deps.keys.forSealing(keyDay);
  const { rawRequest, rawResponse, ...body } = record;
  const excerpt = excerptOf(body);
  const hasRaw = rawRequest !== null || rawResponse !== null;
  return {
    record,
    body,
    summary: summaryOf(record),
    row: rowOf(record, body),
    keyDay,
    excerpt: excerpt === null ? null : sealPart(key, record.id, 'excerpt', excerpt),
    sealedBody: sealPart(key, record.id, 'body', body),
    raw: hasRaw ? sealPart(key, record.id, 'raw', { request: rawRequest, response: rawResponse }) : null,
    words: deps.index.hashes(wordsOf(keptTexts(body.segments))),
  };
}
