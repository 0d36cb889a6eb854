import { parseCheckpointText } from '@bartizan/contracts/tlog/checkpoint.ts';
import { formatNote, parseNote } from '@bartizan/contracts/tlog/note.ts';
import type { Database } from '../platform/database/index.ts';
import { type OutboundAnswer, outboundRequest } from '../platform/outbound/index.ts';
import type { Proofs } from './proofs.ts';
import { readHead } from './tree-store.ts';
import { type KnownWitness, readWitnesses, type Witnesses } from './witnesses.ts';

export interface PushDeps {
  readonly database: Database;
  readonly proofs: Pick<Proofs, 'consistency'>;
  readonly witnesses: Pick<Witnesses, 'cosign' | 'noteProblem'>;
}

const LIMITS = { connectTimeoutMs: 5_000, timeoutMs: 15_000, maxBytes: 64 * 1024 };
const CONFLICT = 409;

/**
 * Sends the newest checkpoint to the witnesses that have an address, and stores what they sign
 * (C2SP tlog-witness, add-checkpoint). A witness that knows another size says so, and is asked again once.
 */
export function createPush({ database, proofs, witnesses }: PushDeps) {
  async function send(
    witness: KnownWitness,
    note: string,
    old: number,
    signal: AbortSignal,
  ): Promise<OutboundAnswer> {
    const size = parseCheckpointText(parseNote(note)?.text ?? '')?.size ?? 0;
    const { proof } = old === 0 || old === size ? { proof: [] } : await proofs.consistency(old, size);
    const lines = [`old ${old}`, ...proof, '', ''].join('\n');
    return await outboundRequest({
      ...LIMITS,
      method: 'POST',
      url: new URL(`${(witness.url ?? '').replace(/\/$/, '')}/add-checkpoint`),
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: lines + note,
      allowPrivateNetwork: witness.allowPrivateNetwork,
      signal,
    });
  }

  async function ask(witness: KnownWitness, note: string, signal: AbortSignal): Promise<void> {
    let answer = await send(witness, note, witness.lastSize ?? 0, signal);
    if (answer.status === CONFLICT) {
      const known = /^(0|[1-9]\d{0,15})\n?$/.exec(answer.body);
      if (known) answer = await send(witness, note, Number(known[1]), signal);
    }
    if (answer.status !== 200) throw new Error(`the witness answered ${answer.status}`);
    const parsed = parseNote(note);
    const signed = parsed && parseNote(formatNote(parsed) + answer.body);
    if (!signed) throw new Error('the witness answered with something that is no cosignature');
    await witnesses.cosign(formatNote(signed));
  }

  return Object.freeze({
    async run(signal: AbortSignal): Promise<void> {
      const head = await readHead(database);
      for (const witness of await readWitnesses(database)) {
        if (!head || head.size === 0 || witness.url === null || witness.lastSize === head.size) continue;
        try {
          await ask(witness, head.checkpoint, signal);
        } catch (error) {
          if (signal.aborted) return;
          const reason = error instanceof Error ? error.message : 'unknown';
          await witnesses.noteProblem(witness.id, reason.slice(0, 300));
        }
      }
    },
  });
}
