import { type AuditEntryView, auditRoutes } from '@bartizan/contracts';
import { Button, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api } from '../app/api.ts';
import { formatExact } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';

const route = getRouteApi('/house/governance/audit');

const FIELDS = [
  ['actor', 'Who', 'Name or id'],
  ['action', 'What', 'keys.created or keys.*'],
  ['subject', 'About', 'key: or key:<id>'],
  ['purpose', 'Reason', 'Words, or * for all'],
] as const;

/** Entries of the log, newest first, with filters that stand in the address. */
export function Entries() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const first = useRef<HTMLInputElement>(null);
  const { actor, action, subject, purpose } = search;
  const query = useInfiniteQuery({
    queryKey: ['audit', 'entries', actor, action, subject, purpose],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.call(auditRoutes.entries, {
        query: { actor, action, subject, purpose, cursor: pageParam },
        signal,
      }),
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const change = (name: string, value: string) =>
    void navigate({
      to: '/governance/audit',
      search: { ...search, [name]: value || undefined },
      replace: true,
    });
  return (
    <>
      <div className="bz-audit-filters" role="search">
        {FIELDS.map(([name, label, placeholder], index) => (
          <Filter
            key={name}
            label={label}
            placeholder={placeholder}
            value={search[name] ?? ''}
            field={index === 0 ? first : undefined}
            onChange={(value) => change(name, value)}
          />
        ))}
      </div>
      {query.isPending ? <ListSkeleton rows={12} /> : null}
      {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : null}
      {query.isSuccess && items.length === 0 ? (
        <EmptyState title="No entry matches">Take a filter away to see more.</EmptyState>
      ) : null}
      {items.length > 0 ? (
        <>
          <EntryTable items={items} searchField={first} />
          {query.hasNextPage ? (
            <Button
              mt="sm"
              variant="default"
              loading={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              Load older
            </Button>
          ) : null}
        </>
      ) : null}
    </>
  );
}

interface FilterProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly field: React.RefObject<HTMLInputElement | null> | undefined;
  readonly onChange: (value: string) => void;
}

/** Takes effect when typing pauses. */
function Filter({ label, placeholder, value, field, onChange }: FilterProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onChange(text.trim()), 300);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextInput
      ref={field}
      size="xs"
      label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}

/** What people call the thing that an entry is about, where the entry says. */
function nameOf({ detail }: AuditEntryView): string {
  for (const field of ['name', 'slug', 'label', 'email', 'title']) {
    const value = detail[field];
    if (typeof value === 'string') return value;
  }
  return '';
}

/** `key:0198…` with the end of the id alone; other subjects as they are. */
const shortened = (subject: string): string =>
  subject.replace(/:[0-9a-f]{8}-[0-9a-f-]{19}([0-9a-f]{8})$/, ':…$1');

interface TableProps {
  readonly items: readonly AuditEntryView[];
  readonly searchField: React.RefObject<HTMLInputElement | null>;
}

function EntryTable({ items, searchField }: TableProps) {
  const navigate = useNavigate();
  const open = (id: string) => void navigate({ to: '/governance/audit/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: items.length,
    search: searchField,
    onOpen: (index) => {
      const entry = items[index];
      if (entry) open(entry.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">About</th>
            <th scope="col">Reason</th>
            <th scope="col" className="bz-num">
              Place
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((entry, index) => (
            <tr
              key={entry.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(entry.id)}
            >
              <td>
                <span style={{ whiteSpace: 'nowrap' }}>{formatExact(entry.at)}</span>
                <div className="bz-dim">
                  <RelativeTime at={entry.at} />
                </div>
              </td>
              <td>
                {entry.actor.name} <span className="bz-dim">{entry.actor.kind}</span>
              </td>
              <td>
                <Link className="bz-row-link bz-mono" to="/governance/audit/$id" params={{ id: entry.id }}>
                  {entry.action}
                </Link>
              </td>
              <td>
                {nameOf(entry)}
                <div className="bz-mono bz-dim" title={entry.subject}>
                  {shortened(entry.subject)}
                </div>
              </td>
              <td>{entry.purpose ?? ''}</td>
              <td className="bz-num bz-mono">{entry.index ?? 'waits'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
