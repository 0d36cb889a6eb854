import type { BaseComparison as Comparison } from '@bartizan/contracts';
import { Link } from '@tanstack/react-router';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { NumbersTable } from './numbers-table.tsx';

const STATES = {
  changed: '',
  added: 'not in the base',
  removed: 'only in the base',
  reshaped: 'of another shape',
} as const;

/** How the weights differ from those of the version that they are said to come from. */
export function BaseComparison({ comparison }: { comparison: Comparison }) {
  const { base, tensors } = comparison;
  return (
    <Section
      flush={tensors.length > 0}
      title="Compared with its base"
      description={
        <>
          {base === null ? (
            'Its base is not among the models that you see.'
          ) : (
            <Link
              to="/inventory/models/$id/versions/$version"
              params={{ id: base.modelId, version: String(base.version) }}
            >
              {base.modelName} {base.version}
            </Link>
          )}{' '}
          {saidOf(comparison)}
        </>
      }
    >
      {tensors.length === 0 ? null : (
        <NumbersTable
          label="Compared with its base"
          last="Note"
          rows={tensors.map((tensor) => ({ ...tensor, said: STATES[tensor.state] }))}
        />
      )}
    </Section>
  );
}

function saidOf({ kind, reading, problem, counts, tensors, total, notes }: Comparison): string {
  if (kind === null) return `– ${problem}.`;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const parts = [
    `– ${reading}.`,
    `${formatCount(counts.changed)} of ${formatNoun(all, 'tensor')} changed, ${formatCount(counts.added)} added, ${formatCount(counts.removed)} removed, ${formatCount(counts.reshaped)} of another shape.`,
  ];
  if (total > tensors.length)
    parts.push(`The ${formatCount(tensors.length)} largest differences are listed.`);
  if (notes.length > 0) parts.push(`Not all was compared: ${notes.join('; ')}.`);
  return parts.join(' ');
}
