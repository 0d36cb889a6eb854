import type { Dependant } from '@bartizan/contracts';
import { Link } from '@tanstack/react-router';

/** Something that was made from records: leads to its place in the lineage. */
export function DependantLink({ dependant: { kind, id, label } }: { dependant: Dependant }) {
  return (
    <div className="bz-wrap">
      <Link to="/inventory/lineage" search={{ node: `${kind}:${id}` }}>
        {label}
      </Link>{' '}
      <span className="bz-dim">{kind.replace('-', ' ')}</span>
    </div>
  );
}
