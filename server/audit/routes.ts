import { auditRoutes as of } from '@bartizan/contracts';
import { implement, type Principal, type RouteImplementation } from '../platform/http/types.ts';
import type { Actor } from './log.ts';
import type { AuditTrail } from './trail.ts';

const actorOf = ({ kind, id, name }: Principal): Actor => ({ kind, id, name });

async function* once<T>(chunk: T): AsyncGenerator<T, void> {
  yield chunk;
}

/** Every route of the audit log. */
export function auditRoutes(trail: AuditTrail): readonly RouteImplementation[] {
  const { proofs, reading, witnesses, verification, log } = trail;
  return Object.freeze([
    implement(of.status, () => trail.status()),
    implement(of.entries, ({ query: { cursor, limit, ...filter } }) =>
      reading.list(filter, { cursor, limit }),
    ),
    implement(of.entry, ({ params }) => trail.entry(params.id)),
    implement(of.summary, ({ query }) => reading.summary(Date.now() - query.windowMs)),
    implement(of.inclusion, ({ query }) => proofs.inclusion(query.index, query.size)),
    implement(of.consistency, ({ query }) => proofs.consistency(query.from, query.to)),
    implement(of.checkpoints, ({ query }) => trail.checkpoints(query)),
    implement(of.keys, async () => ({ items: await trail.keys() })),
    implement(of.rotateKey, (_, { principal }) => trail.rotateKey(actorOf(principal))),
    implement(of.witnesses, async () => ({ items: await witnesses.list() })),
    implement(of.addWitness, ({ body }, { principal }) => witnesses.add(body, actorOf(principal))),
    implement(of.removeWitness, async ({ params }, { principal }) => {
      await witnesses.remove(params.id, actorOf(principal));
      return {};
    }),
    implement(of.cosign, async ({ body }) => ({ stored: await witnesses.cosign(body.note) })),
    implement(of.acknowledge, ({ params, body }, { principal }) =>
      trail.acknowledge(params.id, body.note, actorOf(principal)),
    ),
    implement(of.verify, async (_, { principal }) => {
      const actor = actorOf(principal);
      await log.record({ actor, action: 'audit.verification-started', subject: 'audit:log', detail: {} });
      return verification.start();
    }),
    implement(of.verification, async () => ({ verification: verification.current() })),
    implement(of.export, async (_, { principal, signal }) => trail.export(actorOf(principal), signal)),
    implement(of.logCheckpoint, async () => once(await trail.checkpointNote())),
    implement(of.logTile, async ({ params }) => once<string | Uint8Array>(await proofs.tile(params['*']))),
  ]);
}
