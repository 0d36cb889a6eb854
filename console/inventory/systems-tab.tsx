import {
  ACT_CLASSES,
  ATTENTION_KINDS,
  inventoryRoutes,
  RISK_TIERS,
  SYSTEM_STATES,
  type SystemSummary,
} from '@bartizan/contracts';
import { Button, TextInput } from '@mantine/core';
import { IconSearch, IconSitemap } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { api } from '../app/api.ts';
import { teamsQuery } from '../app/queries.ts';
import { joined, listOf } from '../app/search.ts';
import { useMay } from '../app/session.ts';
import { ChoiceChip, TextChip } from '../ui/filter-chip.tsx';
import { formatCount, formatDay, formatNoun } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { Tag } from '../ui/page.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import {
  ATTENTION_WORDS,
  CLASS_WORDS,
  ClassBadge,
  Party,
  STATE_WORDS,
  TIER_WORDS,
  TierBadge,
} from './system-words.tsx';

export interface SystemSearch {
  readonly tab?: string;
  readonly text?: string;
  readonly state?: string;
  readonly tier?: string;
  readonly class?: string;
  readonly owner?: string;
  readonly team?: string;
  readonly tag?: string;
  readonly attention?: string;
  readonly model?: string;
  readonly endpoint?: string;
}

const PAGE = 50;
const FILTERS = [
  'text',
  'state',
  'tier',
  'class',
  'owner',
  'team',
  'tag',
  'attention',
  'model',
  'endpoint',
] as const;
const filterOf = (search: SystemSearch) => Object.fromEntries(FILTERS.map((name) => [name, search[name]]));
const NONE = { value: 'none', label: 'Not assessed' };

interface TabProps {
  readonly search: SystemSearch;
  readonly onChange: (next: Partial<SystemSearch>) => void;
}

export function SystemsTab({ search, onChange }: TabProps) {
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const filter = filterOf(search);
  const query = useInfiniteQuery({
    queryKey: ['systems', 'list', JSON.stringify(filter)],
    queryFn: ({ pageParam, signal }) =>
      api.call(inventoryRoutes.list, {
        query: { ...filter, limit: PAGE, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const open = (id: string) => void navigate({ to: '/inventory/systems/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: items.length,
    search: field,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item.id);
    },
  });
  const filtered = Object.values(filter).some(Boolean);
  return (
    <>
      <Filters search={search} onChange={onChange} field={field} filtered={filtered} />
      {query.isPending ? <ListSkeleton rows={10} /> : null}
      {query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : null}
      {query.isSuccess && items.length === 0 ? <Nothing filtered={filtered} /> : null}
      {items.length > 0 ? (
        <>
          <SystemTable items={items} selected={selected} onOpen={open} />
          <footer className="bz-list-foot">
            <span className="bz-dim">
              {formatCount(items.length)} of {formatCount(query.data?.pages[0]?.total ?? items.length)} shown
            </span>
            {query.hasNextPage ? (
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                Load more
              </Button>
            ) : null}
            <span className="bz-keys bz-dim">
              <kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open
            </span>
          </footer>
        </>
      ) : null}
    </>
  );
}

const TYPING_MS = 300;

function Filters({
  search,
  onChange,
  field,
  filtered,
}: TabProps & { field: RefObject<HTMLInputElement | null>; filtered: boolean }) {
  const teams = useQuery({ ...teamsQuery, enabled: useMay('endpoints.read') });
  const [typed, setTyped] = useState(search.text ?? '');
  useEffect(() => setTyped(search.text ?? ''), [search.text]);
  useEffect(() => {
    if (typed === (search.text ?? '')) return;
    const timer = setTimeout(() => onChange({ text: typed.trim() || undefined }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const chip = (name: keyof SystemSearch) => ({
    value: listOf(search[name]),
    onChange: (value: string[]) => onChange({ [name]: joined(value) }),
  });
  return (
    <search className="bz-filters">
      <TextInput
        ref={field}
        size="xs"
        w={240}
        type="search"
        aria-label="Search systems"
        placeholder="Name, purpose, vendor"
        maxLength={200}
        leftSection={<IconSearch size={14} />}
        rightSection={typed === '' ? <kbd className="bz-kbd">/</kbd> : undefined}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <ChoiceChip
        name="State"
        choices={SYSTEM_STATES.map((value) => ({ value, label: STATE_WORDS[value] }))}
        {...chip('state')}
      />
      <ChoiceChip
        name="Risk tier"
        choices={[...RISK_TIERS.map((value) => ({ value, label: TIER_WORDS[value] })), NONE]}
        {...chip('tier')}
      />
      <ChoiceChip
        name="AI Act"
        choices={[...ACT_CLASSES.toReversed().map((value) => ({ value, label: CLASS_WORDS[value] })), NONE]}
        {...chip('class')}
      />
      <ChoiceChip
        name="Owner"
        choices={[
          { value: 'none', label: 'Nobody' },
          ...(teams.data?.map(({ id, name }) => ({ value: id, label: `Team ${name}` })) ?? []),
        ]}
        {...chip('owner')}
      />
      <ChoiceChip
        name="Belongs to"
        choices={[
          { value: 'none', label: 'Everybody' },
          ...(teams.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []),
        ]}
        {...chip('team')}
      />
      <ChoiceChip
        name="Needs attention"
        choices={[
          { value: 'any', label: 'For any reason' },
          ...ATTENTION_KINDS.filter((kind) => !kind.startsWith('unclaimed')).map((value) => ({
            value,
            label: ATTENTION_WORDS[value],
          })),
        ]}
        {...chip('attention')}
      />
      <TextChip name="Tag" value={search.tag ?? ''} onChange={(tag) => onChange({ tag: tag || undefined })} />
      {search.model || search.endpoint ? (
        <Tag>{search.model ? 'uses one model' : 'uses one endpoint'}</Tag>
      ) : null}
      {filtered ? (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => onChange(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
        >
          Clear all
        </Button>
      ) : null}
    </search>
  );
}

interface TableProps {
  readonly items: readonly SystemSummary[];
  readonly selected: number;
  readonly onOpen: (id: string) => void;
}

function SystemTable({ items, selected, onOpen }: TableProps) {
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">System</th>
            <th scope="col">State</th>
            <th scope="col">Risk tier</th>
            <th scope="col">EU AI Act</th>
            <th scope="col">Owner</th>
            <th scope="col">Uses</th>
            <th scope="col">Next review</th>
            <th scope="col">Needs attention</th>
          </tr>
        </thead>
        <tbody>
          {items.map((system, index) => (
            <tr
              key={system.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || onOpen(system.id)}
            >
              <td>
                <Link className="bz-row-link" to="/inventory/systems/$id" params={{ id: system.id }}>
                  {system.name}
                </Link>
                <div className="bz-dim bz-mono">{system.key}</div>
              </td>
              <td className="bz-nowrap">{STATE_WORDS[system.state]}</td>
              <td>
                <TierBadge
                  tier={system.risk?.tier ?? null}
                  set={(system.risk?.override?.tier ?? null) !== null}
                />
              </td>
              <td>
                {system.risk === null ? (
                  <span className="bz-dim">–</span>
                ) : (
                  <ClassBadge
                    actClass={system.risk.actClass}
                    set={(system.risk.override?.actClass ?? null) !== null}
                  />
                )}
              </td>
              <td>
                <Party party={system.owner} />
                {system.team ? <div className="bz-dim">{system.team.name}</div> : null}
              </td>
              <td className="bz-nowrap">
                {formatNoun(system.models, 'model')}
                <div className="bz-dim">{formatNoun(system.endpoints, 'endpoint')}</div>
              </td>
              <td className="bz-nowrap">
                {system.nextReviewOn === null ? (
                  <span className="bz-dim">–</span>
                ) : (
                  formatDay(Date.parse(system.nextReviewOn))
                )}
              </td>
              <td>
                <span className="bz-tags">
                  {system.attention.slice(0, 2).map((kind) => (
                    <Tag key={kind}>{ATTENTION_WORDS[kind]}</Tag>
                  ))}
                  {system.attention.length > 2 ? (
                    <Tag
                      title={system.attention
                        .slice(2)
                        .map((kind) => ATTENTION_WORDS[kind])
                        .join(', ')}
                    >
                      {`${system.attention.length - 2} more`}
                    </Tag>
                  ) : null}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const mayManage = useMay('systems.manage');
  if (filtered) {
    return (
      <EmptyState
        title="No system fits these filters"
        action={
          <Button
            variant="default"
            renderRoot={(props) => <Link to="/inventory/systems" search={{}} {...props} />}
          >
            Clear all filters
          </Button>
        }
      >
        Take a filter away.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={IconSitemap}
      title="No system yet"
      action={
        mayManage ? (
          <Button renderRoot={(props) => <Link to="/inventory/systems/new" {...props} />}>
            Describe the first system
          </Button>
        ) : null
      }
    >
      A system is what the business runs: its purpose, its owner, the people it affects, and the models and
      endpoints that it uses. A list that you have already can be imported as CSV.
    </EmptyState>
  );
}
