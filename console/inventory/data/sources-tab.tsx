import { SOURCE_TRUST, type Source, type SourceTrust, sourceRoutes } from '@bartizan/contracts';
import { Button, Menu, TextInput } from '@mantine/core';
import { IconDotsVertical, IconMapPin, IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { ChoiceChip } from '../../ui/filter-chip.tsx';
import { formatCount } from '../../ui/format.ts';
import { NoteDialog } from '../../ui/note-dialog.tsx';
import { PagedList } from '../../ui/paged-list.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { TrustBadge, trustWord } from './data-words.tsx';
import { SourceDialog } from './source-dialog.tsx';

interface SourcesTabProps {
  readonly search: { readonly q?: string | undefined; readonly trust?: string | undefined };
  readonly onSearch: (next: object) => void;
  readonly onAdd: () => void;
}

/** Where data comes from, and how far each source is trusted. */
export function SourcesTab({ search, onSearch, onAdd }: SourcesTabProps) {
  const mayWrite = useMay('data.write');
  const trust = SOURCE_TRUST.find((each) => each === search.trust);
  const query = useInfiniteQuery({
    queryKey: ['data', 'sources', search.q, trust],
    queryFn: ({ pageParam, signal }) =>
      api.call(sourceRoutes.list, { query: { q: search.q, trust, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const isFiltered = Boolean(search.q || trust);
  return (
    <>
      <div className="bz-filters">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onSearch({ q: String(new FormData(event.currentTarget).get('q') ?? '').trim() || undefined });
          }}
        >
          <TextInput
            key={search.q}
            name="q"
            size="xs"
            w={240}
            defaultValue={search.q}
            aria-label="Search names, owners and descriptions"
            placeholder="Name or owner, then Enter"
          />
        </form>
        <ChoiceChip
          name="Trust"
          choices={SOURCE_TRUST.map((value) => ({ value, label: trustWord(value) }))}
          value={trust ? [trust] : []}
          onChange={(value) => onSearch({ trust: value.at(-1) })}
        />
      </div>
      <PagedList
        query={query}
        verb="Load more"
        empty={
          <EmptyState
            icon={IconMapPin}
            title={isFiltered ? 'No source matches' : 'No source yet'}
            action={
              mayWrite && !isFiltered ? (
                <Button leftSection={<IconPlus size={14} />} onClick={onAdd}>
                  Register a source
                </Button>
              ) : null
            }
          >
            {isFiltered
              ? 'Clear a filter to see more.'
              : 'A source says who answers for records and how far they are trusted; pushes name it.'}
          </EmptyState>
        }
      >
        {(items) => <SourceTable items={items} />}
      </PagedList>
    </>
  );
}

function SourceTable({ items }: { items: readonly Source[] }) {
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">Trust</th>
            <th scope="col">Owner</th>
            <th scope="col">Collected by</th>
            <th scope="col">Licence</th>
            <th scope="col" className="bz-num">
              Datasets
            </th>
            <th scope="col" className="bz-num">
              <span title="Of the newest version from it in each dataset; what another version had before did not come in with it">
                Records
              </span>
            </th>
            <th scope="col">Registered</th>
            <th scope="col">
              <span className="bz-hidden">Acts</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((source) => (
            <tr key={source.id}>
              <td className="bz-wrap">
                <b>{source.name}</b>
                {source.description ? <div className="bz-dim bz-clip">{source.description}</div> : null}
              </td>
              <td>
                <TrustBadge trust={source.trust} />
                {source.reviewedBy ? <div className="bz-dim">by {source.reviewedBy}</div> : null}
              </td>
              <td className="bz-wrap">{source.owner}</td>
              <td>{source.method.replaceAll('-', ' ')}</td>
              <td className="bz-wrap">{source.license || <span className="bz-dim">not said</span>}</td>
              <td className="bz-num">{formatCount(source.datasets)}</td>
              <td className="bz-num">
                {formatCount(source.delivered)}
                {source.records !== source.delivered ? (
                  <div className="bz-dim">{formatCount(source.records)} came in with it</div>
                ) : null}
              </td>
              <td>
                <RelativeTime at={source.createdAt} />
              </td>
              <td>
                <Acts source={source} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Acts({ source }: { source: Source }) {
  const client = useQueryClient();
  const mayApprove = useMay('data.approve');
  const mayManage = useMay('data.manage');
  const [isEditing, setIsEditing] = useState(false);
  const [judged, setJudged] = useState<SourceTrust | null>(null);
  if (!mayApprove && !mayManage) return null;
  const judge = async (reason: string) => {
    if (judged === null) return;
    await api.call(sourceRoutes.trust, { params: { id: source.id }, body: { trust: judged, reason } });
    await client.invalidateQueries({ queryKey: ['data'] });
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            aria-label={`What to do with ${source.name}`}
          >
            <IconDotsVertical size={14} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mayApprove
            ? SOURCE_TRUST.filter((trust) => trust !== source.trust && trust !== 'unreviewed').map(
                (trust) => (
                  <Menu.Item key={trust} onClick={() => setJudged(trust)}>
                    {trust === 'blocked' ? 'Block this source' : `Call it ${trustWord(trust).toLowerCase()}`}
                  </Menu.Item>
                ),
              )
            : null}
          {mayManage ? <Menu.Item onClick={() => setIsEditing(true)}>Describe it anew</Menu.Item> : null}
        </Menu.Dropdown>
      </Menu>
      <NoteDialog
        opened={judged !== null}
        title={judged === null ? '' : `${source.name}: ${trustWord(judged).toLowerCase()}`}
        label="Why"
        description={
          judged === 'blocked'
            ? 'Nothing of it is taken in from now on; what is here stays. The reason goes on record.'
            : 'The reason goes on record.'
        }
        verb="Decide"
        onClose={() => setJudged(null)}
        onSave={judge}
      />
      {isEditing ? <SourceDialog source={source} onClose={() => setIsEditing(false)} /> : null}
    </>
  );
}
