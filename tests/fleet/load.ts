import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './members.ts';

/** A few clients that keep asking, each gateway in turn by chance. */
export interface Load {
  /** Request ids whose answer a client has read to its end, with what it was told. */
  readonly told: ReadonlyMap<string, number>;
  readonly answered: () => number;
  readonly stop: () => Promise<void>;
}

export const CLIENTS = 6;
const THINK_MS = 15;

/** Endpoints by how often they are asked. */
const MIX = ['limited', 'limited', 'budget', 'free'] as const;

/** One call; the status, or null when there was no whole answer. */
export async function call(
  gateway: string,
  key: string,
  input: { endpoint: string; id: string },
): Promise<number | null> {
  try {
    const response = await fetch(`${gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'x-request-id': input.id,
        'x-bartizan-endpoint': input.endpoint,
      },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Open on Sundays?' }] }),
      signal: AbortSignal.timeout(30_000),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

export function startLoad(fleet: Fleet, key: string, random: () => number): Load {
  const told = new Map<string, number>();
  let running = true;
  let count = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (running) {
      const id = `load-${count++}-${Math.floor(random() * 1e9).toString(36)}`;
      const gateway = fleet.gateways[Math.floor(random() * 3)] ?? fleet.gateways[0];
      const endpoint = MIX[Math.floor(random() * MIX.length)] ?? 'free';
      const status = await call(gateway.url, key, { endpoint, id });
      if (status === null) await sleep(100);
      else if (status === 200) told.set(id, status);
      await sleep(THINK_MS);
    }
  });
  return Object.freeze({
    told,
    answered: () => told.size,
    stop: async () => {
      running = false;
      await Promise.all(clients);
    },
  });
}
