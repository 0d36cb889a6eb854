import { type Signer, SignerInput } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Viewer } from '../../sight.ts';
import { constraintOf, isForeignKeyViolation, isUniqueViolation } from '../../sql-state.ts';
import type { RegistryActor } from '../models/types.ts';
import { judge } from './judge.ts';
import type { StoredSigner } from './model.ts';
import type { SigningDeps } from './ports.ts';
import { managesTeam, seesTeam } from './reach.ts';
import type { SigningStore } from './store.ts';
import { fingerprintOf } from './trust.ts';

const MOST_SIGNERS = 500;
/** Judged again at once; each takes about a millisecond. */
const AT_ONCE = 50;

export type NewSigner = z.output<typeof SignerInput>;
type Deps = Pick<SigningDeps, 'audit' | 'clock'> & { readonly store: SigningStore };

const noSigner = (): AppError => new AppError('not_found', 'there is no such signer');

/** Whose signatures count. */
export function createSigners({ audit, clock, store }: Deps) {
  const shown = (signer: StoredSigner, versions: number): Signer => ({
    ...signer,
    models: [...signer.models],
    versions,
  });

  async function found(viewer: Viewer, id: string): Promise<StoredSigner> {
    const signer = (await store.signers()).find((one) => one.id === id);
    if (signer && seesTeam(viewer, signer.teamId)) return signer;
    throw noSigner();
  }

  async function list(viewer: Viewer): Promise<Signer[]> {
    const [signers, counts] = await Promise.all([store.signers(), store.versionCounts()]);
    return signers
      .filter(({ teamId }) => seesTeam(viewer, teamId))
      .map((signer) => shown(signer, counts.get(signer.id) ?? 0));
  }

  /** Bundles nobody vouches for are judged again; a page at a time, so that other work goes on. */
  async function judgeAgain(): Promise<number> {
    const signers = await store.signers();
    let trusted = 0;
    let after: string | null = null;
    for (
      let page = await store.waiting(after, AT_ONCE);
      page.length > 0;
      page = await store.waiting(after, AT_ONCE)
    ) {
      for (const one of page) {
        const model = { modelName: one.modelName, teamId: one.teamId };
        const judgement = judge(one.bundle, { model, receivedAt: one.receivedAt }, signers);
        if (judgement.state === 'trusted') trusted += 1;
        if (judgement.state !== one.state) await store.judged(one.id, judgement, clock.now());
      }
      after = page.at(-1)?.id ?? null;
    }
    return trusted;
  }

  async function add(actor: RegistryActor, input: NewSigner): Promise<Signer> {
    managesTeam(actor, input.teamId);
    const now = clock.now();
    const signer: StoredSigner = {
      ...input,
      id: uuidv7(now),
      fingerprint: fingerprintOf(input.trust),
      createdBy: actor.name,
      createdAt: now,
      revoked: null,
    };
    if ((await store.signers()).length >= MOST_SIGNERS)
      throw new AppError('conflict', `there are ${MOST_SIGNERS} signers already`);
    const { name, fingerprint, teamId, models, trust } = signer;
    await store
      .transaction(async (tx) => {
        await store.addSigner(signer, tx);
        const detail = { name, type: trust.type, fingerprint, teamId, models: models.join(' ') };
        await audit.record({ actor, action: 'signers.trusted', subject: `signer:${signer.id}`, detail }, tx);
      })
      .catch((error: unknown) => {
        throw whyRefused(error, name);
      });
    await judgeAgain();
    return shown(signer, (await store.versionCounts()).get(signer.id) ?? 0);
  }

  async function revoke(actor: RegistryActor, id: string, reason: string): Promise<Signer> {
    const before = await found(actor, id);
    managesTeam(actor, before.teamId);
    const revoked = { at: clock.now(), by: actor.name, reason };
    await store.transaction(async (tx) => {
      if (!(await store.revoke(id, revoked, tx)))
        throw new AppError('conflict', 'this signer is revoked already');
      const detail = { name: before.name, fingerprint: before.fingerprint, reason };
      await audit.record({ actor, action: 'signers.revoked', subject: `signer:${id}`, detail }, tx);
    });
    await judgeAgain();
    return shown({ ...before, revoked }, (await store.versionCounts()).get(id) ?? 0);
  }

  return Object.freeze({
    list,
    add,
    revoke,
    /** Versions that hang on a signer and are there for the viewer. */
    async versions(viewer: Viewer, id: string) {
      await found(viewer, id);
      const rows = await store.hanging(id);
      return rows.filter(({ teamId }) => seesTeam(viewer, teamId));
    },
  });
}

function whyRefused(error: unknown, name: string): unknown {
  if (isUniqueViolation(error))
    return new AppError('conflict', `there is a signer "${name}" already`, { hint: 'Choose another name.' });
  if (isForeignKeyViolation(error) && constraintOf(error) === 'signing_signers_team')
    return new AppError('invalid_input', 'there is no such team');
  return error;
}
