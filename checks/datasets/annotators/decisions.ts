import type { Labels } from '../labels/index.ts';
import { DatasetInputError } from '../types.ts';
import type { Decided, Decision, LabelChange } from './types.ts';

function assertDecision({ item, label, by, at, reason }: Decision, labels: Labels, place: number): void {
  const wrong = (what: string): never => {
    throw new DatasetInputError(`Decision ${place} ${what}`);
  };
  if (!Number.isInteger(item) || item < 0 || item >= labels.values.length)
    wrong(`is about item ${String(item)}; items go from 0 to ${labels.values.length - 1}.`);
  if (!Number.isInteger(label) || label < 0 || label >= labels.names.length)
    wrong(`gives label ${String(label)}; labels go from 0 to ${labels.names.length - 1}.`);
  if (!Number.isFinite(at)) wrong(`has time ${String(at)}; it is ms since 1970.`);
  if (by.trim() === '') wrong('does not say who decided.');
  if (reason.trim() === '') wrong('does not say why.');
}

/**
 * New labels after people's decisions; the old ones are left as they are. Of several decisions on one item the latest
 * counts (`at`, then place in the list). The caller keeps who, when and why: each change carries its decision.
 * DatasetInputError for an item or label that is not there, or a decision without who, when or why.
 */
export function applyDecisions(labels: Labels, decisions: readonly Decision[]): Decided {
  decisions.forEach((decision, place) => {
    assertDecision(decision, labels, place);
  });
  const latest = new Map<number, Decision>();
  for (const decision of decisions) {
    const known = latest.get(decision.item);
    if (known === undefined || decision.at >= known.at) latest.set(decision.item, decision);
  }
  const values = labels.values.slice();
  const changes: LabelChange[] = [];
  const confirmed: number[] = [];
  for (const [item, decision] of [...latest].sort(([a], [b]) => a - b)) {
    const before = values[item] as number;
    if (before === decision.label) confirmed.push(item);
    else changes.push({ item, before, after: decision.label, decision });
    values[item] = decision.label;
  }
  return { labels: { values, names: labels.names }, changes, confirmed };
}
