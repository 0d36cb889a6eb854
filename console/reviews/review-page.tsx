import { type ReviewChange, type ReviewDetail, reviewRoutes } from '@bartizan/contracts';
import { Alert, Button, Group, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { Diff } from '../ui/diff.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { sentence } from '../ui/format.ts';
import { Facts, Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';
import { ReviewStateBadge } from './states.tsx';

const route = getRouteApi('/house/traffic/reviews/$id');

/** One proposed change: what, why, by whom; and the decision. */
export function ReviewPage() {
  const { id } = route.useParams();
  const query = useQuery({
    queryKey: ['reviews', 'one', id],
    queryFn: ({ signal }) => api.call(reviewRoutes.get, { params: { id }, signal }),
  });
  return (
    <Gate permission="policies.read">
      <QueryView query={query}>{(review) => <Detail review={review} />}</QueryView>
    </Gate>
  );
}

function Detail({ review }: { review: ReviewDetail }) {
  return (
    <Page
      title={review.title}
      above={<Link to="/traffic/reviews">Reviews</Link>}
      heading={
        <>
          {review.title} <ReviewStateBadge state={review.state} />
        </>
      }
    >
      {review.stale ? (
        <Alert color="yellow" variant="light" mb="md" title="Overtaken">
          What this is about changed since it was proposed. Approving is refused; it has to be proposed anew.
        </Alert>
      ) : null}
      <Section title="Why">
        <p style={{ marginBottom: 12 }}>{review.reason}</p>
        <Facts
          items={[
            ['Proposed by', review.proposedBy.name],
            ['When', <RelativeTime key="at" at={review.proposedAt} />],
            ...(review.state === 'open'
              ? ([
                  ['Expires', <RelativeTime key="expires" at={review.expiresAt} />],
                  [
                    'Who may approve',
                    review.approvers.map(({ name }) => name).join(', ') ||
                      'nobody: somebody else needs the role',
                  ],
                ] as const)
              : ([
                  ['Decided by', review.decidedBy?.name ?? '–'],
                  ['Decided', <RelativeTime key="decided" at={review.decidedAt} never="–" />],
                  ['Note', review.decisionNote || '–'],
                ] as const)),
            [
              'Digest of the change',
              <span key="digest" className="bz-mono" title={review.digest}>
                {review.digest.slice(0, 16)}…
              </span>,
            ],
          ]}
        />
      </Section>
      <Changes changes={review.changes} open={review.state === 'open'} />
      {review.state === 'open' ? <Decision review={review} /> : null}
    </Page>
  );
}

const inWords = (value: unknown): string =>
  value === null || value === undefined
    ? 'none'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value, null, 2);

function Changes({ changes, open }: { changes: readonly ReviewChange[]; open: boolean }) {
  return (
    <Section title={changes.length === 1 ? 'What changes' : `What changes (${changes.length})`}>
      {changes.map((change) => (
        <div key={change.path} style={{ marginBottom: 16 }}>
          <h3 className="bz-mono" style={{ marginBottom: 6 }}>
            {change.path}
          </h3>
          <Diff
            left={inWords(change.before)}
            right={inWords(change.after)}
            leftTitle={open ? 'Now' : 'Before'}
            rightTitle={open ? 'After approval' : 'After'}
          />
        </div>
      ))}
    </Section>
  );
}

function Decision({ review }: { review: ReviewDetail }) {
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const params = { id: review.id };
  const { approve, reject, withdraw } = review.may;
  const decide = useMutation({
    mutationFn: (what: 'approve' | 'reject' | 'withdraw') => {
      if (what === 'approve')
        return api.call(reviewRoutes.approve, { params, body: { digest: review.digest, note } });
      if (what === 'reject') return api.call(reviewRoutes.reject, { params, body: { note } });
      return api.call(reviewRoutes.withdraw, { params });
    },
    onSuccess: (_, what) => {
      toast(what === 'approve' ? 'Approved and done' : what === 'reject' ? 'Rejected' : 'Withdrawn');
    },
    onSettled: () => client.invalidateQueries(),
  });
  const button = (what: 'approve' | 'reject' | 'withdraw', words: string) => (
    <Button
      variant={what === 'approve' ? 'filled' : 'default'}
      loading={decide.isPending && decide.variables === what}
      disabled={!review.may[what].allowed}
      onClick={() => decide.mutate(what)}
    >
      {words}
    </Button>
  );
  return (
    <Section title="Decision">
      {approve.allowed || reject.allowed ? (
        <Textarea
          label="Note"
          description="For the record; optional."
          autosize
          minRows={2}
          maxLength={500}
          maw={560}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
      ) : (
        <p className="bz-dim">{sentence(approve.reason)}</p>
      )}
      <FailureNote failure={decide.error} />
      <Group gap="xs" mt="md">
        {button('approve', 'Approve this change')}
        {button('reject', 'Reject')}
        {withdraw.allowed ? button('withdraw', 'Withdraw') : null}
      </Group>
    </Section>
  );
}
