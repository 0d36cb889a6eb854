import type { InteractionRecord } from '@bartizan/contracts';
import type { Logger } from 'pino';

/** Longest JSON of one record, in UTF-16 units; a batch of one still fits the server's body limit. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * The JSON of a record. One that is too long loses its raw bodies, then its texts (digests stay), so that
 * what happened is on record whatever its size.
 */
export function lineOf(record: InteractionRecord, log: Pick<Logger, 'warn'>): string {
  const line = JSON.stringify(record);
  if (line.length <= MAX_CHARS) return line;
  log.warn(
    { id: record.id, chars: line.length },
    'interaction is too large to keep whole: raw bodies dropped',
  );
  const lean = JSON.stringify({ ...record, rawRequest: null, rawResponse: null });
  if (lean.length <= MAX_CHARS) return lean;
  const bare = record.segments.slice(0, 1000).map((segment) => ({ ...segment, text: null }));
  return JSON.stringify({
    ...record,
    rawRequest: null,
    rawResponse: null,
    segments: bare,
    findings: record.findings.slice(0, 1000),
  });
}
