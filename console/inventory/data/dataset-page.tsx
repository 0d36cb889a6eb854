import { type Dataset, type DatasetVersionSummary, datasetRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { formatBytes, formatCount } from '../../ui/format.ts';
import { useKeyboardList } from '../../ui/keyboard-list.ts';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { Page } from '../../ui/page.tsx';
import { PagedList } from '../../ui/paged-list.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { AboutDataset } from './about-dataset.tsx';
import { CleanedTab } from './cleaned-tab.tsx';
import { CompareVersions } from './compare-data.tsx';
import { CustodyTab } from './custody-tab.tsx';
import { datasetQuery } from './data-queries.ts';
import { sourceWords, VersionState } from './data-words.tsx';
import { PrivacyTab } from './privacy-tab.tsx';
import { WatchNotice } from './watch-notice.tsx';
import { WatchTab } from './watch-tab.tsx';
import './data.css';

const route = getRouteApi('/house/inventory/datasets/$id');

export function DatasetPage() {
  return (
    <Gate permission="data.read">
      <OneDataset />
    </Gate>
  );
}

function OneDataset() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const mayWrite = useMay('data.write');
  const current = knownTab(search.tab, [
    'versions',
    'compare',
    'watch',
    'custody',
    'cleaned',
    'privacy',
    'about',
  ]);
  const query = useQuery({ ...datasetQuery(id), refetchInterval: 15_000 });
  return (
    <QueryView query={query}>
      {(dataset) => (
        <Page
          title={dataset.name}
          above={<Link to="/inventory/datasets">Datasets</Link>}
          heading={<span className="bz-wrap">{dataset.name}</span>}
          description={dataset.description || undefined}
          actions={
            mayWrite ? (
              <Button
                leftSection={<IconUpload size={14} />}
                renderRoot={(props) => (
                  <Link to="/inventory/datasets/push" search={{ dataset: dataset.name }} {...props} />
                )}
              >
                Push a version
              </Button>
            ) : null
          }
        >
          <WatchNotice datasetId={dataset.id} />
          <LinkTabs
            label="Dataset"
            current={current}
            tabs={[
              { value: 'versions', label: 'Versions', count: dataset.versions },
              { value: 'compare', label: 'Compare' },
              { value: 'watch', label: 'Watch' },
              { value: 'custody', label: 'Chain of custody' },
              { value: 'cleaned', label: 'Taken out' },
              { value: 'privacy', label: 'Private statistics' },
              { value: 'about', label: 'About' },
            ]}
          />
          {current === 'versions' ? <Versions dataset={dataset} /> : null}
          {current === 'compare' ? (
            <CompareVersions datasetId={dataset.id} from={search.from} to={search.to} columns={search.key} />
          ) : null}
          {current === 'watch' ? <WatchTab datasetId={dataset.id} /> : null}
          {current === 'custody' ? <CustodyTab datasetId={dataset.id} act={search.act} /> : null}
          {current === 'cleaned' ? <CleanedTab datasetId={dataset.id} /> : null}
          {current === 'privacy' ? <PrivacyTab datasetId={dataset.id} /> : null}
          {current === 'about' ? <AboutDataset dataset={dataset} /> : null}
        </Page>
      )}
    </QueryView>
  );
}

function Versions({ dataset }: { dataset: Dataset }) {
  const query = useInfiniteQuery({
    queryKey: ['data', 'dataset', dataset.id, 'versions'],
    queryFn: ({ pageParam, signal }) =>
      api.call(datasetRoutes.versions, {
        params: { dataset: dataset.id },
        query: { cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 5_000,
  });
  const empty = (
    <EmptyState title="No version yet">
      Push one here, or with <code>bartizan data push FILE --dataset {dataset.name}</code>.
    </EmptyState>
  );
  return (
    <PagedList query={query} verb="Load older" empty={empty}>
      {(items) => <VersionTable items={items} />}
    </PagedList>
  );
}

function VersionTable({ items }: { items: readonly DatasetVersionSummary[] }) {
  const navigate = useNavigate();
  const open = (version: DatasetVersionSummary) =>
    void navigate({
      to: '/inventory/datasets/$id/versions/$version',
      params: { id: version.datasetId, version: String(version.number) },
    });
  const { selected } = useKeyboardList({
    length: items.length,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col" className="bz-num">
              Records
            </th>
            <th scope="col" className="bz-num">
              Size
            </th>
            <th scope="col">Source</th>
            <th scope="col">Batch</th>
            <th scope="col">Why</th>
            <th scope="col">Pushed</th>
          </tr>
        </thead>
        <tbody>
          {items.map((version, index) => (
            <tr
              key={version.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(version)}
            >
              <td>
                <Link
                  className="bz-row-link"
                  to="/inventory/datasets/$id/versions/$version"
                  params={{ id: version.datasetId, version: String(version.number) }}
                >
                  {version.number}
                </Link>
                {version.parent === null ? null : <div className="bz-dim">from {version.parent.number}</div>}
              </td>
              <td>
                <VersionState version={version} />
              </td>
              <td className="bz-num">{version.rows === null ? '' : formatCount(version.rows)}</td>
              <td className="bz-num">{formatBytes(version.bytes)}</td>
              <td className="bz-wrap">{sourceWords(version) ?? <span className="bz-dim">not named</span>}</td>
              <td className="bz-wrap">{version.batch ?? <span className="bz-dim">not named</span>}</td>
              <td className="bz-wrap">
                <span className="bz-clip">{version.reason}</span>
              </td>
              <td>
                <RelativeTime at={version.createdAt} />
                <div className="bz-dim bz-wrap">by {version.createdBy.name}</div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
