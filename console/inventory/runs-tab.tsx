import { type RunSummary, runRoutes } from '@bartizan/contracts';
import { TextInput } from '@mantine/core';
import { IconFlask } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type RefObject, useRef } from 'react';
import { api } from '../app/api.ts';
import { ChoiceChip } from '../ui/filter-chip.tsx';
import { formatCount, formatMs } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { Tag } from '../ui/page.tsx';
import { PagedList } from '../ui/paged-list.tsx';
import { EmptyState } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { ConnectMlflow } from './connect-mlflow.tsx';
import { formatMetric } from './metrics.ts';

export interface RunsSearch {
  readonly experiment?: string | undefined;
  readonly filter?: string | undefined;
}

const MOST_METRICS = 3;

/** Runs that clients logged, newest first. */
export function RunsTab({ search, onSearch }: { search: RunsSearch; onSearch: (next: RunsSearch) => void }) {
  const searchField = useRef<HTMLInputElement>(null);
  const experiments = useQuery({
    queryKey: ['experiments'],
    queryFn: async ({ signal }) =>
      (await api.call(runRoutes.listExperiments, { query: { limit: 200 }, signal })).items,
  });
  const query = useInfiniteQuery({
    queryKey: ['runs', 'list', search.experiment, search.filter],
    queryFn: ({ pageParam, signal }) =>
      api.call(runRoutes.list, {
        query: {
          experiment: search.experiment,
          filter: search.filter,
          cursor: pageParam ?? undefined,
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const isFiltered = search.experiment !== undefined || search.filter !== undefined;
  return (
    <>
      <div className="bz-filters">
        <ChoiceChip
          name="Experiment"
          choices={(experiments.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={search.experiment ? [search.experiment] : []}
          onChange={(value) => onSearch({ ...search, experiment: value.at(-1) })}
        />
        <FilterField
          field={searchField}
          value={search.filter ?? ''}
          onChange={(filter) => onSearch({ ...search, filter: filter || undefined })}
        />
      </div>
      <PagedList
        query={query}
        verb="Load older"
        empty={
          isFiltered ? (
            <EmptyState icon={IconFlask} title="No run matches">
              Clear a filter to see more.
            </EmptyState>
          ) : (
            <NoRun />
          )
        }
      >
        {(items) => <RunTable items={items} field={searchField} />}
      </PagedList>
    </>
  );
}

function FilterField({
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
      style={{ flex: 1, minWidth: 260 }}
      onSubmit={(event) => {
        event.preventDefault();
        onChange(String(new FormData(event.currentTarget).get('filter') ?? '').trim());
      }}
    >
      <TextInput
        key={value}
        ref={field}
        name="filter"
        size="xs"
        defaultValue={value}
        aria-label="Filter in MLflow's language"
        placeholder="metrics.accuracy > 0.9 and params.depth = '3', then Enter"
      />
    </form>
  );
}

function NoRun() {
  return (
    <EmptyState icon={IconFlask} title="No run yet">
      Runs come from your training code: the mlflow client logs to Bartizan when it is told this address and
      an API key.
      <ConnectMlflow />
    </EmptyState>
  );
}

export const RUN_STATUS = {
  running: 'running',
  scheduled: 'scheduled',
  finished: 'finished',
  failed: 'failed',
  killed: 'ended by hand',
} as const;

function RunTable({
  items,
  field,
}: {
  items: readonly RunSummary[];
  field: RefObject<HTMLInputElement | null>;
}) {
  const navigate = useNavigate();
  const open = (id: string) => void navigate({ to: '/inventory/models/runs/$id', params: { id } });
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
            <th scope="col">Run</th>
            <th scope="col">Experiment</th>
            <th scope="col">State</th>
            <th scope="col">Metrics</th>
            <th scope="col">By</th>
            <th scope="col">Started</th>
            <th scope="col" className="bz-num">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((run, index) => (
            <tr
              key={run.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(run.id)}
            >
              <td>
                <Link className="bz-row-link" to="/inventory/models/runs/$id" params={{ id: run.id }}>
                  {run.name || run.id.slice(-8)}
                </Link>{' '}
                {run.parentId ? <Tag>nested</Tag> : null}
              </td>
              <td>{run.experiment.name}</td>
              <td>{RUN_STATUS[run.status]}</td>
              <td>
                {run.metrics.slice(0, MOST_METRICS).map((metric) => (
                  <div key={metric.key}>
                    <span className="bz-dim">{metric.key}</span> {formatMetric(metric.value)}
                  </div>
                ))}
                {run.metrics.length > MOST_METRICS ? (
                  <div className="bz-dim">and {formatCount(run.metrics.length - MOST_METRICS)} more</div>
                ) : null}
              </td>
              <td>{run.user}</td>
              <td>
                <RelativeTime at={run.startedAt} />
              </td>
              <td className="bz-num">
                {run.endedAt === null ? '–' : formatMs(Math.max(0, run.endedAt - run.startedAt))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
