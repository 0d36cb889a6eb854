import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InteractionRecord } from '@bartizan/contracts';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { pino } from 'pino';

/** For tests: a key, a silent log, a folder that goes away, and a record of realistic shape. */
export const testMaster = masterKeyFromHex('ab'.repeat(32));
export const silentLog = pino({ level: 'silent' });

export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'bartizan-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export function testRecord(overrides: Partial<InteractionRecord> = {}): InteractionRecord {
  return {
    id: randomUUID(),
    at: 1_800_000_000_000,
    gatewayId: 'test',
    requestId: randomBytes(8).toString('hex'),
    endpointId: randomUUID(),
    endpointSlug: 'support',
    keyId: randomUUID(),
    keyName: 'app',
    user: null,
    api: 'chat.completions',
    model: 'demo',
    upstreamModel: null,
    upstreamId: null,
    streamed: false,
    status: 200,
    outcome: 'answered',
    verdict: 'allow',
    wouldBe: 'allow',
    policyId: null,
    policyVersion: null,
    snapshotVersion: '1',
    findings: [],
    guardErrors: [],
    attempts: [],
    timings: { totalMs: 1, guardMs: 0, upstreamMs: 1, firstTokenMs: null, guards: [] },
    usage: { inputTokens: 10, outputTokens: 20 },
    retention: 'redacted',
    expiresAt: 1_800_000_000_000,
    segments: [
      {
        index: 0,
        direction: 'input',
        author: 'user',
        kind: 'message',
        path: '/messages/0/content',
        text: 'Where is my order?\nIt was sent on Monday. 🙂',
        sha256: 'c'.repeat(64),
        chars: 42,
      },
    ],
    rawRequest: null,
    rawResponse: null,
    error: null,
    ...overrides,
  };
}
