import type { InteractionDetail } from '@bartizan/contracts';

export type GuardFinding = InteractionDetail['findings'][number];
export type GuardTiming = InteractionDetail['timings']['guards'][number];
