import { type Model, registryRoutes, VERSION_STAGES, type VersionStage } from '@bartizan/contracts';
import { Button, TextInput } from '@mantine/core';
import { IconBox, IconUpload } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type RefObject, useRef } from 'react';
import { api } from '../app/api.ts';
import { teamsQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { ChoiceChip } from '../ui/filter-chip.tsx';
import { formatCount } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { Tag } from '../ui/page.tsx';
import { PagedList } from '../ui/paged-list.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { EmptyState } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { ConnectMlflow } from './connect-mlflow.tsx';
import { STAGE_TITLES } from './stages.ts';

export interface ModelsSearch {
  readonly q?: string | undefined;
  readonly verdict?: string | undefined;
  readonly stage?: string | undefined;
  readonly quarantined?: string | undefined;
}

const VERDICTS = [
  { value: 'malicious', label: 'Malicious' },
  { value: 'suspicious', label: 'Suspicious' },
  { value: 'error', label: 'Cannot be judged' },
  { value: 'clean', label: 'Clean' },
  { value: 'none', label: 'Not scanned' },
] as const;
type VerdictChoice = (typeof VERDICTS)[number]['value'];

const oneOf = <T extends string>(value: string | undefined, known: readonly T[]): T | undefined =>
  known.find((each) => each === value);

export function ModelsTab({
  search,
  onSearch,
}: {
  search: ModelsSearch;
  onSearch: (next: ModelsSearch) => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const verdict = oneOf<VerdictChoice>(
    search.verdict,
    VERDICTS.map(({ value }) => value),
  );
  const stage = oneOf<VersionStage>(search.stage, VERSION_STAGES);
  const quarantined = oneOf(search.quarantined, ['yes', 'no'] as const);
  const query = useInfiniteQuery({
    queryKey: ['models', 'list', search.q, verdict, stage, quarantined],
    queryFn: ({ pageParam, signal }) =>
      api.call(registryRoutes.list, {
        query: { q: search.q, verdict, stage, quarantined, order: 'updated', cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 15_000,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = Boolean(search.q || verdict || stage || quarantined);
  if (query.isSuccess && items.length === 0 && !isFiltered) return <NoModel />;
  return (
    <>
      <div className="bz-filters">
        <SearchField field={field} value={search.q ?? ''} onChange={(q) => onSearch({ q: q || undefined })} />
        <ChoiceChip
          name="Verdict"
          choices={VERDICTS}
          value={verdict ? [verdict] : []}
          onChange={(value) => onSearch({ verdict: value.at(-1) })}
        />
        <ChoiceChip
          name="Stage"
          choices={VERSION_STAGES.map((value) => ({ value, label: STAGE_TITLES[value] }))}
          value={stage ? [stage] : []}
          onChange={(value) => onSearch({ stage: value.at(-1) })}
        />
        <ChoiceChip
          name="Quarantine"
          choices={[
            { value: 'yes', label: 'With a version in quarantine' },
            { value: 'no', label: 'Without' },
          ]}
          value={quarantined ? [quarantined] : []}
          onChange={(value) => onSearch({ quarantined: value.at(-1) })}
        />
      </div>
      <PagedList
        query={query}
        verb="Load more"
        empty={
          <EmptyState icon={IconBox} title="No model matches">
            Clear a filter to see more.
          </EmptyState>
        }
      >
        {(items) => <ModelTable items={items} field={field} />}
      </PagedList>
    </>
  );
}

function SearchField({
  field,
  value,
  onChange,
}: {
  field: RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange(String(new FormData(event.currentTarget).get('q') ?? '').trim());
      }}
    >
      <TextInput
        key={value}
        ref={field}
        name="q"
        size="xs"
        w={240}
        defaultValue={value}
        aria-label="Search names and descriptions"
        placeholder="Name or description, then Enter"
      />
    </form>
  );
}

function NoModel() {
  const mayWrite = useMay('models.write');
  return (
    <EmptyState
      icon={IconBox}
      title="No model yet"
      action={
        mayWrite ? (
          <Button
            leftSection={<IconUpload size={14} />}
            renderRoot={(props) => <Link to="/inventory/models/upload" {...props} />}
          >
            Upload a version
          </Button>
        ) : null
      }
    >
      Upload one here, push a folder with <code>bartizan model push DIR --name NAME</code>, or let your
      training code register it.
      <ConnectMlflow />
    </EmptyState>
  );
}

function ModelTable({
  items,
  field,
}: {
  items: readonly Model[];
  field: RefObject<HTMLInputElement | null>;
}) {
  const navigate = useNavigate();
  const teams = useQuery(teamsQuery);
  const open = (id: string) => void navigate({ to: '/inventory/models/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: items.length,
    search: field,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Worst verdict</th>
            <th scope="col">Latest version</th>
            <th scope="col">Aliases</th>
            <th scope="col" className="bz-num">
              Versions
            </th>
            <th scope="col">Team</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {items.map((model, index) => (
            <tr
              key={model.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(model.id)}
            >
              <td className="bz-wrap">
                <Link className="bz-row-link" to="/inventory/models/$id" params={{ id: model.id }}>
                  {model.name}
                </Link>
                {model.description ? <div className="bz-dim bz-clip">{model.description}</div> : null}
              </td>
              <td>
                <ScanBadge verdict={model.worstVerdict} />
                {model.quarantined > 0 ? (
                  <div className="bz-dim">{formatCount(model.quarantined)} in quarantine</div>
                ) : null}
              </td>
              <td>
                {model.latestVersion === null ? (
                  <span className="bz-dim">none</span>
                ) : (
                  <>
                    {model.latestVersion.version}{' '}
                    {model.latestVersion.stage === 'none' ? null : (
                      <Tag>{STAGE_TITLES[model.latestVersion.stage]}</Tag>
                    )}
                  </>
                )}
              </td>
              <td>
                <span className="bz-tags">
                  {model.aliases.slice(0, 4).map(({ alias, version }) => (
                    <Tag key={alias} title={`Version ${version}`}>
                      {alias}
                    </Tag>
                  ))}
                </span>
              </td>
              <td className="bz-num">{formatCount(model.versions)}</td>
              <td>
                {model.teamId === null
                  ? 'everybody'
                  : (teams.data?.find(({ id }) => id === model.teamId)?.name ?? 'a team')}
              </td>
              <td>
                <RelativeTime at={model.updatedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
