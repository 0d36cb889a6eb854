import type { Attention } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { formatCount } from '../ui/format.ts';
import { SeverityBadge } from '../ui/severity.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { attentionQuery } from './system-queries.ts';
import { ReviewDialog } from './system-review.tsx';
import { ATTENTION_WORDS } from './system-words.tsx';

const REVIEWED_BY = ['review-overdue', 'no-review-date'];

/** Everything that somebody must look into, with the next step. */
export function AttentionTab({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(attentionQuery);
  const [reviewing, setReviewing] = useState<Attention['subject'] | null>(null);
  return (
    <QueryView query={query}>
      {({ items, total }) =>
        items.length === 0 ? (
          <EmptyState icon={IconCircleCheck} title="Nothing needs attention">
            Systems without an owner, overdue reviews, endpoints with traffic in no system and the like are
            listed here.
          </EmptyState>
        ) : (
          <>
            <div className="bz-list">
              <table className="bz-table">
                <thead>
                  <tr>
                    <th scope="col">Weight</th>
                    <th scope="col">What</th>
                    <th scope="col">Why</th>
                    <th scope="col">Next step</th>
                    <th scope="col">
                      <span className="bz-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((item) => (
                    <tr key={`${item.subject.id} ${item.kind}`}>
                      <td>
                        <SeverityBadge severity={item.severity} />
                      </td>
                      <td>
                        <SubjectLink subject={item.subject} />
                        <div className="bz-dim">{ATTENTION_WORDS[item.kind]}</div>
                      </td>
                      <td>{item.reason}</td>
                      <td>{item.next}</td>
                      <td className="bz-nowrap">
                        {mayManage ? <Act item={item} onReview={() => setReviewing(item.subject)} /> : null}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {total > items.length ? (
              <p className="bz-dim">
                {formatCount(items.length)} of {formatCount(total)} shown, the weightiest first.
              </p>
            ) : null}
            {reviewing === null ? null : (
              <ReviewDialog system={reviewing} opened onClose={() => setReviewing(null)} />
            )}
          </>
        )
      }
    </QueryView>
  );
}

function SubjectLink({ subject }: { subject: Attention['subject'] }) {
  const { id, kind, name } = subject;
  if (kind === 'system')
    return (
      <Link className="bz-row-link" to="/inventory/systems/$id" params={{ id }}>
        {name}
      </Link>
    );
  if (kind === 'endpoint')
    return (
      <Link className="bz-row-link" to="/protection/endpoints/$id" params={{ id }}>
        {name}
      </Link>
    );
  return (
    <Link className="bz-row-link" to="/inventory/models/$id" params={{ id }}>
      {name}
    </Link>
  );
}

function Act({ item, onReview }: { item: Attention; onReview: () => void }) {
  const { kind, subject } = item;
  if (REVIEWED_BY.includes(kind)) {
    return (
      <Button variant="default" size="compact-sm" onClick={onReview}>
        Mark as reviewed
      </Button>
    );
  }
  if (kind === 'unclaimed-endpoint' || kind === 'unclaimed-model') {
    const search = kind === 'unclaimed-endpoint' ? { endpoint: subject.id } : { model: subject.id };
    return (
      <Button
        variant="default"
        size="compact-sm"
        renderRoot={(props) => <Link to="/inventory/systems/new" search={search} {...props} />}
      >
        Describe a system
      </Button>
    );
  }
  const tab = ['not-assessed', 'assessment-outdated'].includes(kind)
    ? 'assess'
    : kind === 'override-outdated' || kind === 'prohibited'
      ? 'risk'
      : 'edit';
  if (kind === 'retired-with-traffic') return null;
  return (
    <Button
      variant="default"
      size="compact-sm"
      renderRoot={(props) => (
        <Link to="/inventory/systems/$id" params={{ id: subject.id }} search={{ tab }} {...props} />
      )}
    >
      {tab === 'assess' ? 'Answer the questions' : tab === 'risk' ? 'See why' : 'Change it'}
    </Button>
  );
}
