import { isDeepStrictEqual } from 'node:util';
import type { PolicyDocument, Proposal, ReviewChange } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../kernel/error.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Origin, ReviewKind } from '../../reviews/index.ts';
import { isForeignKeyViolation } from '../sql-state.ts';
import { noSuchPolicy, requireValid } from './model.ts';
import type { PolicyDeps } from './ports.ts';
import { createPolicyStore, type PolicyRow } from './store.ts';

type Of<K extends Proposal['kind']> = Extract<Proposal, { kind: K }>;

export interface PolicyProposalDeps
  extends Pick<PolicyDeps, 'audit' | 'clock' | 'checks' | 'ports' | 'reviews'> {
  readonly changed: (reason: string) => void;
}

/** What differs between two documents, rule by rule. */
export function documentChanges(before: PolicyDocument, after: PolicyDocument): ReviewChange[] {
  const changes: ReviewChange[] = [];
  if (before.mode !== after.mode) changes.push({ path: 'mode', before: before.mode, after: after.mode });
  const old = new Map(before.rules.map((rule) => [rule.id, rule]));
  const next = new Map(after.rules.map((rule) => [rule.id, rule]));
  for (const id of new Set([...old.keys(), ...next.keys()])) {
    const [was, is] = [old.get(id) ?? null, next.get(id) ?? null];
    if (!isDeepStrictEqual(was, is)) changes.push({ path: `rules.${id}`, before: was, after: is });
  }
  const order = (document: PolicyDocument) =>
    document.rules.map(({ id }) => id).filter((id) => old.has(id) && next.has(id));
  if (!isDeepStrictEqual(order(before), order(after))) {
    changes.push({ path: 'order', before: order(before), after: order(after) });
  }
  return changes;
}

/** The policy, which within a transaction nobody else changes until its end. */
async function locked(db: Database, id: string): Promise<PolicyRow> {
  await sql`select from policies where id = ${id} for update`.execute(db);
  const row = await createPolicyStore(db).find(id);
  if (!row) throw noSuchPolicy();
  return row;
}

const basisOf = ({ name, activeVersion }: PolicyRow) => ({ name, activeVersion });
const everybodys = async (): Promise<boolean> => true;

/** Tells reviews what changes to policies may be proposed, and how they are made once approved. */
export function registerPolicyProposals(deps: PolicyProposalDeps): void {
  const { audit, clock, checks, ports, reviews, changed } = deps;

  const witness = (id: string, origin: Origin, action: string) => (tx: Database, facts: object) => {
    const { review, proposedBy, approvedBy } = origin;
    const detail = { ...facts, review, proposedBy };
    return audit.record({ actor: approvedBy, action, subject: `policy:${id}`, detail }, tx);
  };

  const save: ReviewKind<Of<'policies.save'>> = {
    kind: 'policies.save',
    permission: 'policies.manage',
    isThereFor: everybodys,
    async describe({ policyId, document }, db) {
      requireValid(document, checks);
      const policy = await locked(db, policyId);
      return {
        title: `Put a new version of policy "${policy.name}" live`,
        subject: `policy:${policyId}`,
        changes: documentChanges(policy.document, document),
        basis: basisOf(policy),
      };
    },
    async execute({ policyId, document, note }, origin, tx) {
      const createdBy = origin.proposedBy.name;
      const next = { document, note, createdAt: clock.now(), createdBy };
      const added = await createPolicyStore(tx).addVersion(policyId, next, true, (_, version) =>
        witness(policyId, origin, 'policies.version_added')(tx, { version, activated: true }),
      );
      if (added === undefined) throw noSuchPolicy();
      return () => changed('policies.version_added');
    },
  };

  const activate: ReviewKind<Of<'policies.activate'>> = {
    kind: 'policies.activate',
    permission: 'policies.manage',
    isThereFor: everybodys,
    async describe({ policyId, version }, db) {
      const policy = await locked(db, policyId);
      const wanted = await createPolicyStore(db).version(policyId, version);
      if (!wanted) throw new AppError('not_found', `policy "${policy.name}" has no version ${version}`);
      requireValid(wanted.document, checks);
      if (version === policy.activeVersion) throw new AppError('conflict', 'this version is live already');
      return {
        title: `Put version ${version} of policy "${policy.name}" live instead of ${policy.activeVersion}`,
        subject: `policy:${policyId}`,
        changes: documentChanges(policy.document, wanted.document),
        basis: { ...basisOf(policy), document: wanted.document },
      };
    },
    async execute({ policyId, version }, origin, tx) {
      const done = await createPolicyStore(tx).activate(policyId, version, clock.now(), () =>
        witness(policyId, origin, 'policies.activated')(tx, { version }),
      );
      if (!done) throw noSuchPolicy();
      return () => changed('policies.activated');
    },
  };

  const remove: ReviewKind<Of<'policies.remove'>> = {
    kind: 'policies.remove',
    permission: 'policies.manage',
    isThereFor: everybodys,
    async describe({ policyId }, db) {
      const policy = await locked(db, policyId);
      if ((await ports.endpoints.usage()).some((user) => user.policyId === policyId))
        throw inUse(policy.name);
      return {
        title: `Remove policy "${policy.name}"`,
        subject: `policy:${policyId}`,
        changes: [{ path: 'policy', before: policy.name, after: null }],
        basis: { ...basisOf(policy), latestVersion: policy.latestVersion },
      };
    },
    async execute({ policyId }, origin, tx) {
      try {
        const { name } = await locked(tx, policyId);
        await createPolicyStore(tx).remove(policyId, () =>
          witness(policyId, origin, 'policies.removed')(tx, { name }),
        );
      } catch (cause) {
        throw isForeignKeyViolation(cause) ? inUse(policyId, cause) : cause;
      }
      return () => changed('policies.removed');
    },
  };

  reviews.register(save);
  reviews.register(activate);
  reviews.register(remove);
}

const inUse = (name: string, cause?: unknown): AppError =>
  new AppError('conflict', `policy "${name}" is used by an endpoint`, {
    hint: 'Give its endpoints another policy first.',
    cause,
  });
