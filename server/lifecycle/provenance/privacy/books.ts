import {
  draw,
  type Ledger,
  type LedgerTerms,
  type Neighbours,
  openLedger,
  release,
  replayLedger,
  reserve,
} from '@bartizan/checks/privacy/index.ts';
import type { PrivacyBudget, PrivacyBudgetView } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';

export const neighboursOf = (relation: PrivacyBudget['relation']): Neighbours =>
  relation === 'replace-one' ? 'replace' : 'add-remove';
const relationOf = (neighbours: Neighbours): PrivacyBudget['relation'] =>
  neighbours === 'replace' ? 'replace-one' : 'add-or-remove-one';

/** As an exact decimal, without an exponent where that is short. */
export const decimalOf = (value: number): string => {
  const text = String(value);
  return /e/i.test(text) ? value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '') || '0' : text;
};

export const termsOf = ({ epsilon, delta, relation, unit }: PrivacyBudget): LedgerTerms => ({
  unit,
  neighbours: neighboursOf(relation),
  composition: 'basic',
  epsilon,
  delta: decimalOf(delta),
});

const budgetOf = ({ epsilon, delta, neighbours, unit }: LedgerTerms): PrivacyBudget => ({
  epsilon,
  delta: Number(delta),
  relation: relationOf(neighbours),
  unit,
});

/** The ledger that stored entries come to; a fault of the store where they were altered. */
export const ledgerOf = (entries: Parameters<typeof replayLedger>[0]): Ledger | null =>
  entries.length === 0 ? null : replayLedger(entries);

/** What requests in this state cost together. */
function sumOf(ledger: Ledger, states: ReadonlySet<string>): { epsilon: number; delta: number } {
  const sum = { epsilon: 0, delta: 0 };
  for (const entry of ledger.entries) {
    if (entry.kind !== 'reserve' || !states.has(ledger.stateOf(entry.request) ?? '')) continue;
    sum.epsilon += Number(entry.cost.epsilon);
    sum.delta += Number(entry.cost.delta);
  }
  return sum;
}

const SPENT = new Set(['drawn', 'released']);
const RESERVED = new Set(['reserved']);

/** Rounded up, to ten digits. */
const upwards = (value: number): string =>
  value === 0 ? '0' : String(Math.ceil(value * 1e10 * (1 - 1e-15)) / 1e10);

export function viewOf(ledger: Ledger | null, releases: number): PrivacyBudgetView {
  if (ledger === null)
    return {
      budget: null,
      spent: { epsilon: '0', delta: 0 },
      reserved: { epsilon: '0', delta: 0 },
      releases,
    };
  const spent = sumOf(ledger, SPENT);
  const reserved = sumOf(ledger, RESERVED);
  return {
    budget: budgetOf(ledger.terms),
    spent: { epsilon: upwards(spent.epsilon), delta: spent.delta },
    reserved: { epsilon: upwards(reserved.epsilon), delta: reserved.delta },
    releases,
  };
}

/** A ledger under new terms in which what was spent stays spent. `conflict` where that does not fit. */
export function reopened(before: Ledger | null, terms: LedgerTerms): Ledger {
  let ledger = openLedger(terms);
  for (const entry of before?.entries ?? []) {
    if (entry.kind !== 'reserve' || !SPENT.has(before?.stateOf(entry.request) ?? '')) continue;
    const { request, neighbours, cost } = entry;
    for (const step of [
      () => reserve(ledger, { request, neighbours, cost }),
      () => draw(ledger, request),
      () => release(ledger, request),
    ]) {
      const taken = step();
      if (!taken.ok)
        throw new AppError('conflict', `what was spent already does not fit this budget: ${taken.message}`, {
          hint: 'What was spent stays spent: set a budget that holds it, with the same neighbours.',
        });
      ledger = taken.ledger;
    }
  }
  return ledger;
}
