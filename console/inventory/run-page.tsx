import { type RunDetail, type RunMetric, runRoutes } from '@bartizan/contracts';
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { CopyableId } from '../ui/copy.tsx';
import { formatBytes, formatCount, formatMs, formatNoun } from '../ui/format.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Facts, Page, Section, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { MetricChart } from './metric-chart.tsx';
import { formatMetric } from './metrics.ts';
import { RunArtifacts } from './run-artifacts.tsx';
import { RUN_STATUS } from './runs-tab.tsx';
import './models.css';

const route = getRouteApi('/house/inventory/models/runs/$id');

export function RunPage() {
  return (
    <Gate permission="models.read">
      <OneRun />
    </Gate>
  );
}

function OneRun() {
  const { id } = route.useParams();
  const { tab } = route.useSearch();
  const current = knownTab(tab, ['overview', 'metrics', 'files']);
  const query = useQuery({
    queryKey: ['runs', id],
    queryFn: ({ signal }) => api.call(runRoutes.get, { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? 5_000 : false),
  });
  return (
    <QueryView query={query}>
      {(run) => (
        <Page
          title={run.name || 'Run'}
          above={
            <>
              <Link to="/inventory/models">Models</Link> /{' '}
              <Link to="/inventory/models" search={{ tab: 'runs', experiment: run.experiment.id }}>
                {run.experiment.name}
              </Link>
            </>
          }
          heading={
            <>
              {run.name || 'Run'} <Tag>{RUN_STATUS[run.status]}</Tag>
              {run.state === 'deleted' ? <Tag>deleted</Tag> : null}
            </>
          }
          description={
            <>
              {run.user}, <RelativeTime at={run.startedAt} />
            </>
          }
        >
          <LinkTabs
            label="Run"
            current={current}
            tabs={[
              { value: 'overview', label: 'Overview' },
              { value: 'metrics', label: 'Metrics', count: run.metrics.length },
              { value: 'files', label: 'Files', count: run.artifacts.files },
            ]}
          />
          {current === 'overview' ? <Overview run={run} /> : null}
          {current === 'metrics' ? <Metrics run={run} /> : null}
          {current === 'files' ? <RunArtifacts run={run} /> : null}
        </Page>
      )}
    </QueryView>
  );
}

function Overview({ run }: { run: RunDetail }) {
  const tags = Object.entries(run.tags);
  return (
    <div className="bz-version-columns">
      <div>
        <Section title="What it is">
          <Facts
            items={[
              ['Id', <CopyableId key="id" value={run.id} />],
              [
                'Took',
                run.endedAt === null ? 'not over yet' : formatMs(Math.max(0, run.endedAt - run.startedAt)),
              ],
              [
                'Part of',
                run.parentId === null ? (
                  '–'
                ) : (
                  <Link key="parent" to="/inventory/models/runs/$id" params={{ id: run.parentId }}>
                    another run
                  </Link>
                ),
              ],
              [
                'Files',
                `${formatNoun(run.artifacts.files, 'file')}, ${formatBytes(run.artifacts.sizeBytes)}`,
              ],
              ['Logged by', run.createdBy],
            ]}
          />
        </Section>
        <Section title="What came of it">
          <Made run={run} />
        </Section>
        <Section title="Data that it used">
          {run.datasets.length === 0 ? (
            <p className="bz-dim">
              None was named. <code>mlflow.log_input</code> says which data a run used, so that a poisoned
              source leads to every model that it reached.
            </p>
          ) : (
            run.datasets.map((dataset) => (
              <div key={`${dataset.name}${dataset.digest}${dataset.context}`} style={{ marginBottom: 8 }}>
                <b>{dataset.name}</b> {dataset.context ? <Tag>{dataset.context}</Tag> : null}
                <div className="bz-dim bz-wrap">
                  {dataset.sourceType} <code>{dataset.digest}</code>
                </div>
                <div className="bz-dim bz-wrap">{sourceInWords(dataset.source).slice(0, 300)}</div>
              </div>
            ))
          )}
        </Section>
      </div>
      <div>
        <Section title={`Parameters (${formatCount(run.params.length)})`}>
          {run.params.length === 0 ? (
            <p className="bz-dim">None was logged.</p>
          ) : (
            <Facts
              keys
              items={run.params.map(({ key, value }) => [key, <code key={key}>{value}</code>] as const)}
            />
          )}
        </Section>
        <Section title={`Tags (${formatCount(tags.length)})`}>
          {tags.length === 0 ? (
            <p className="bz-dim">It has none.</p>
          ) : (
            <Facts keys items={tags.map(([key, value]) => [key, <span key={key}>{value}</span>] as const)} />
          )}
        </Section>
        {run.children.length > 0 ? (
          <Section title="Runs inside it">
            {run.children.map((child) => (
              <div key={child.id}>
                <Link to="/inventory/models/runs/$id" params={{ id: child.id }}>
                  {child.name || child.id}
                </Link>{' '}
                <span className="bz-dim">{RUN_STATUS[child.status]}</span>
              </div>
            ))}
          </Section>
        ) : null}
      </div>
    </div>
  );
}

/** Where data is from: the address in what a client logged as JSON, else its fields, else the text as it is. */
function sourceInWords(source: string): string {
  try {
    const read: unknown = JSON.parse(source);
    if (read === null || typeof read !== 'object' || Array.isArray(read)) return source;
    const fields = read as Record<string, unknown>;
    const address = [fields.uri, fields.url, fields.path].find(
      (one) => typeof one === 'string' && one !== '',
    );
    if (typeof address === 'string') return address;
    const { tags } = fields;
    const shown = tags !== null && typeof tags === 'object' ? tags : fields;
    return Object.entries(shown)
      .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', ');
  } catch {
    return source;
  }
}

function Made({ run }: { run: RunDetail }) {
  if (run.models.length === 0 && run.versions.length === 0)
    return <p className="bz-dim">No model was logged in it.</p>;
  return (
    <>
      {run.models.map((model) => (
        <div key={model.id} style={{ marginBottom: 8 }}>
          <b>{model.name}</b> <span className="bz-dim">{model.type}</span>
          <div className="bz-dim">
            {formatNoun(model.files, 'file')}, {formatBytes(model.sizeBytes)}
            {model.status === 'failed' ? `, ${model.statusMessage || 'its upload failed'}` : ''}
          </div>
        </div>
      ))}
      {run.versions.map((version) => (
        <div key={version.versionId}>
          <Link
            to="/inventory/models/$id/versions/$version"
            params={{ id: version.modelId, version: String(version.version) }}
          >
            {version.model} {version.version}
          </Link>
        </div>
      ))}
    </>
  );
}

function Metrics({ run }: { run: RunDetail }) {
  const [key, setKey] = useState(run.metrics[0]?.key ?? null);
  if (run.metrics.length === 0) return <p className="bz-dim">No metric was logged.</p>;
  return (
    <>
      <Section
        title="Over the run"
        actions={
          <Select
            size="xs"
            aria-label="Metric"
            data={run.metrics.map((metric) => metric.key)}
            value={key}
            onChange={setKey}
            searchable
            allowDeselect={false}
          />
        }
      >
        {key === null ? null : <MetricChart runId={run.id} metric={key} />}
      </Section>
      <Section title="Latest values" flush>
        <MetricTable metrics={run.metrics} />
      </Section>
    </>
  );
}

function MetricTable({ metrics }: { metrics: readonly RunMetric[] }) {
  return (
    <table className="bz-table bz-narrow">
      <thead>
        <tr>
          <th scope="col">Metric</th>
          <th scope="col" className="bz-num">
            Value
          </th>
          <th scope="col" className="bz-num">
            Step
          </th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {metrics.map((metric) => (
          <tr key={metric.key}>
            <td className="bz-wrap">{metric.key}</td>
            <td className="bz-num">{formatMetric(metric.value)}</td>
            <td className="bz-num">{formatCount(metric.step)}</td>
            <td>
              <RelativeTime at={metric.at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
