import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import type { MetricSnapshot } from '@bartizan/contracts/telemetry/index.ts';
import type { GatewayConfig } from '../config.ts';
import type { SubjectState, UsageDelta } from '../limits/index.ts';

/** What primary and workers tell each other. The configuration travels here, not in the environment: it holds secrets. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly config: Omit<GatewayConfig, 'master'> & { readonly masterHex: string };
      /** From 1. */
      readonly slot: number;
      readonly usage: readonly SubjectState[];
    }
  | { readonly type: 'usage'; readonly deltas: readonly UsageDelta[] }
  | { readonly type: 'measure'; readonly id: number }
  | { readonly type: 'stop' };

export type ToPrimary =
  | { readonly type: 'started'; readonly url: string }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'measured'; readonly id: number; readonly snapshots: readonly MetricSnapshot[] }
  | { readonly type: 'usage'; readonly deltas: readonly UsageDelta[] };

/** How often workers tell what they admitted. */
export const SHARE_EVERY_MS = 50;

export const workerName = (gatewayId: string, slot: number): string => `${gatewayId}-w${slot}`;

export function packConfig({
  master,
  ...rest
}: GatewayConfig): Extract<ToWorker, { type: 'start' }>['config'] {
  return { ...rest, masterHex: master.bytes.toString('hex') };
}

export function unpackConfig(packed: Extract<ToWorker, { type: 'start' }>['config']): GatewayConfig {
  const { masterHex, ...rest } = packed;
  return { ...rest, master: masterKeyFromHex(masterHex) };
}
