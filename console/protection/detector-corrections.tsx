import {
  type Correction,
  type CorrectionContent,
  correctionRoutes,
  TRIED_TEXT_DAYS,
} from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { IconPencilCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { askPurpose } from '../app/purpose-dialog.tsx';
import { useMay } from '../app/session.ts';
import { ChoiceChip } from '../ui/filter-chip.tsx';
import { formatCount } from '../ui/format.ts';
import { LoadMore } from '../ui/load-more.tsx';
import { Section, Tag } from '../ui/page.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';
import { Datasets } from './detector-datasets.tsx';

export interface CorrectionsSearch {
  readonly state?: string | undefined;
  readonly label?: string | undefined;
}

const STATES = [
  { value: 'conflicting', label: 'People disagree' },
  { value: 'settled', label: 'Settled' },
  { value: 'overruled', label: 'Overruled' },
] as const;
const LABELS = [
  { value: 'attack', label: 'Attack' },
  { value: 'harmless', label: 'Harmless' },
] as const;

interface TabProps {
  readonly search: CorrectionsSearch;
  readonly onSearch: (next: CorrectionsSearch) => void;
}

/** What people corrected, where they disagree, and the datasets made of it. */
export function CorrectionsTab({ search, onSearch }: TabProps) {
  const state = STATES.find(({ value }) => value === search.state)?.value;
  const label = LABELS.find(({ value }) => value === search.label)?.value;
  const query = useInfiniteQuery({
    queryKey: ['detector', 'corrections', 'list', state, label],
    queryFn: ({ pageParam, signal }) =>
      api.call(correctionRoutes.list, { query: { state, label, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = Boolean(state || label);
  return (
    <>
      <Datasets />
      <div className="bz-filters">
        <ChoiceChip
          name="State"
          choices={STATES}
          value={state ? [state] : []}
          onChange={(value) => onSearch({ state: value.at(-1) })}
        />
        <ChoiceChip
          name="Really"
          choices={LABELS}
          value={label ? [label] : []}
          onChange={(value) => onSearch({ label: value.at(-1) })}
        />
      </div>
      {query.isPending ? <ListSkeleton /> : null}
      {query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : null}
      {query.isSuccess && items.length === 0 ? (
        <EmptyState
          icon={IconPencilCheck}
          title={isFiltered ? 'No correction matches' : 'Nobody corrected the check yet'}
        >
          {isFiltered
            ? 'Clear a filter to see more.'
            : 'Open an interaction or the playground, and say of a text what it really is.'}
        </EmptyState>
      ) : null}
      {items.length > 0 ? (
        <Section
          flush
          title="Corrections"
          description={`A text is forgotten with its interaction, or ${TRIED_TEXT_DAYS} days after it was tried, and at once when its correction is withdrawn: in datasets too.`}
        >
          <CorrectionTable items={items} />
        </Section>
      ) : null}
      <LoadMore query={query} shown={items.length} verb="Load older" />
    </>
  );
}

const CorrectionTable = ({ items }: { items: readonly Correction[] }) => (
  <table className="bz-table">
    <thead>
      <tr>
        <th scope="col">Really</th>
        <th scope="col">The check said</th>
        <th scope="col">Of</th>
        <th scope="col">By</th>
        <th scope="col">
          <span className="bz-hidden">Acts</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {items.map((each) => (
        <Row key={each.id} correction={each} />
      ))}
    </tbody>
  </table>
);

function Row({ correction: each }: { correction: Correction }) {
  const [content, setContent] = useState<CorrectionContent | null>(null);
  const { probability, score, model } = each.judged;
  return (
    <>
      <tr>
        <td>
          <b>{each.label}</b>, {each.kind.replace('_', ' ')}
          {each.state === 'conflicting' ? <Tag>people disagree</Tag> : null}
          {each.state === 'overruled' ? <Tag>overruled</Tag> : null}
          {each.note === '' ? null : <div className="bz-dim bz-wrap">{each.note}</div>}
        </td>
        <td>
          {score !== null && score >= 0.5 ? 'attack' : 'harmless'}
          {probability === null ? null : `, ${(100 * probability).toFixed(1)}%`}
          <div className="bz-dim">{model}</div>
        </td>
        <td>
          {each.interactionId === null ? (
            'a text that was tried'
          ) : (
            <Link to="/traffic/interactions/$id" params={{ id: each.interactionId }}>
              an interaction
            </Link>
          )}
          <div className="bz-dim">
            {formatCount(each.chars)} characters by {each.origin === 'user' ? 'the user' : 'a third party'}
          </div>
          <div className="bz-dim">
            forgotten <RelativeTime at={each.expiresAt} />
          </div>
        </td>
        <td>
          {each.by.name}
          <div className="bz-dim">
            <RelativeTime at={each.at} />
          </div>
        </td>
        <td className="bz-num">
          <Acts correction={each} shown={content !== null} onShow={setContent} />
        </td>
      </tr>
      {content === null ? null : (
        <tr>
          <td colSpan={5}>
            <div className="bz-box bz-text">{content.text}</div>
          </td>
        </tr>
      )}
    </>
  );
}

interface ActsProps {
  readonly correction: Correction;
  readonly shown: boolean;
  readonly onShow: (content: CorrectionContent) => void;
}

function Acts({ correction, shown, onShow }: ActsProps) {
  const client = useQueryClient();
  const mayManage = useMay('detector.manage');
  const mayCorrect = useMay('detector.correct');
  const params = { id: correction.id };
  const refresh = () => client.invalidateQueries({ queryKey: ['detector', 'corrections'] });
  const withdraw = useMutation({
    mutationFn: () => api.call(correctionRoutes.withdraw, { params }),
    onSuccess: refresh,
    onError: toastFailure,
  });
  const settle = useMutation({
    mutationFn: () => api.call(correctionRoutes.settle, { params }),
    onSuccess: refresh,
    onError: toastFailure,
  });
  const show = async () => {
    const purpose = await askPurpose('You are about to read a text that somebody corrected.');
    if (purpose === null) return;
    try {
      onShow(await api.call(correctionRoutes.content, { params, purpose }));
    } catch (failure) {
      toastFailure(failure);
    }
  };
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      {shown ? null : (
        <Button size="compact-sm" variant="default" onClick={() => void show()}>
          Read
        </Button>
      )}
      {correction.state === 'conflicting' && mayManage ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={settle.isPending}
          onClick={() => settle.mutate()}
        >
          This one counts
        </Button>
      ) : null}
      {mayManage || (correction.mine && mayCorrect) ? (
        <Button
          size="compact-sm"
          variant="subtle"
          color="red"
          loading={withdraw.isPending}
          onClick={() => withdraw.mutate()}
        >
          Withdraw
        </Button>
      ) : null}
    </Group>
  );
}
