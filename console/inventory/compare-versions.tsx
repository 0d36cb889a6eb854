import { type ModelDetail, registryRoutes, type VersionComparison } from '@bartizan/contracts';
import { Alert, Group, Select } from '@mantine/core';
import { IconGitCompare } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { formatBytes, formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { ScanBadge, SeverityBadge } from '../ui/severity.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { formatMetric } from './metrics.ts';

interface CompareProps {
  readonly model: ModelDetail;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Two versions of a model side by side; which, stands in the address. */
export function Compare({ model, from, to }: CompareProps) {
  const navigate = useNavigate();
  const versions = useQuery({
    queryKey: ['models', model.id, 'numbers'],
    queryFn: async ({ signal }) =>
      (
        await api.call(registryRoutes.versions, {
          params: { model: model.id },
          query: { limit: 200 },
          signal,
        })
      ).items.map(({ version }) => String(version)),
  });
  const numbers = versions.data ?? [];
  const right = to ?? numbers[0];
  const left = from ?? numbers[1];
  const query = useQuery({
    queryKey: ['models', model.id, 'compare', left, right],
    queryFn: ({ signal }) =>
      api.call(registryRoutes.compare, {
        params: { model: model.id },
        query: { from: left ?? '', to: right ?? '' },
        signal,
      }),
    enabled: left !== undefined && right !== undefined,
  });
  if (versions.isSuccess && numbers.length < 2)
    return (
      <EmptyState icon={IconGitCompare} title="There is nothing to compare yet">
        Once the model has two versions, their files, metrics, tags and findings stand here side by side.
      </EmptyState>
    );
  const pick = (next: { from?: string; to?: string }) =>
    void navigate({
      to: '/inventory/models/$id',
      params: { id: model.id },
      search: { tab: 'compare', from: left, to: right, ...next },
      replace: true,
    });
  return (
    <>
      <Group gap="xs" mb="md">
        <Select
          size="xs"
          aria-label="From version"
          data={numbers}
          value={left ?? null}
          onChange={(value) => pick({ from: value ?? undefined })}
        />
        <span className="bz-dim">with</span>
        <Select
          size="xs"
          aria-label="To version"
          data={numbers}
          value={right ?? null}
          onChange={(value) => pick({ to: value ?? undefined })}
        />
      </Group>
      <QueryView query={query}>{(comparison) => <Differences comparison={comparison} />}</QueryView>
    </>
  );
}

function Differences({ comparison }: { comparison: VersionComparison }) {
  const { from, to, files, sameContent } = comparison;
  const { added, removed, changed } = files.counts;
  return (
    <>
      <p style={{ marginBottom: 12 }}>
        Version {from.version} <ScanBadge verdict={from.verdict} /> and version {to.version}{' '}
        <ScanBadge verdict={to.verdict} />:{' '}
        {sameContent
          ? 'every file is the same.'
          : `${formatNoun(added, 'file')} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed, ${formatCount(files.same)} the same.`}
      </p>
      <FileDifferences comparison={comparison} />
      <Metrics comparison={comparison} />
      <TagDifferences comparison={comparison} />
      <FindingDifferences comparison={comparison} />
    </>
  );
}

function FileDifferences({ comparison: { files } }: { comparison: VersionComparison }) {
  const rows = [
    ...files.changed.map(({ path, from, to }) => ({
      path,
      what: 'changed',
      before: from.size,
      after: to.size,
    })),
    ...files.added.map(({ path, size }) => ({ path, what: 'added', before: null, after: size })),
    ...files.removed.map(({ path, size }) => ({ path, what: 'removed', before: size, after: null })),
  ];
  if (rows.length === 0) return null;
  return (
    <Section title="Files" flush>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">What happened</th>
            <th scope="col" className="bz-num">
              Before
            </th>
            <th scope="col" className="bz-num">
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ path, what, before, after }) => (
            <tr key={`${what}${path}`}>
              <td className="bz-wrap">{path}</td>
              <td>{what}</td>
              <td className="bz-num">{before === null ? '–' : formatBytes(before)}</td>
              <td className="bz-num">{after === null ? '–' : formatBytes(after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Metrics({ comparison: { metrics } }: { comparison: VersionComparison }) {
  if (metrics.length === 0) return null;
  return (
    <Section title="Metrics" flush>
      <table className="bz-table bz-narrow">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" className="bz-num">
              Before
            </th>
            <th scope="col" className="bz-num">
              After
            </th>
            <th scope="col" className="bz-num">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {metrics.map(({ key, from, to }) => (
            <tr key={key}>
              <td>{key}</td>
              <td className="bz-num">{from === null ? '–' : formatMetric(from)}</td>
              <td className="bz-num">{to === null ? '–' : formatMetric(to)}</td>
              <td className="bz-num">
                {typeof from === 'number' && typeof to === 'number' ? signed(to - from) : '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

const signed = (value: number): string => (value > 0 ? `+${formatMetric(value)}` : formatMetric(value));

function TagDifferences({ comparison: { tags } }: { comparison: VersionComparison }) {
  if (tags.length === 0) return null;
  return (
    <Section title="Tags that differ" flush>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Tag</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {tags.map(({ key, from, to }) => (
            <tr key={key}>
              <td className="bz-wrap">{key}</td>
              <td className="bz-wrap">{from ?? '–'}</td>
              <td className="bz-wrap">{to ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function FindingDifferences({ comparison: { findings, from, to } }: { comparison: VersionComparison }) {
  if (findings === null)
    return (
      <Alert color="gray" variant="light">
        Findings can be compared once both versions have been scanned.
      </Alert>
    );
  const { counts, same, added, removed } = findings;
  if (counts.added === 0 && counts.removed === 0)
    return (
      <p className="bz-dim">
        {same === 0 ? 'Nothing was found in either.' : `The same ${formatNoun(same, 'finding')} in both.`}
      </p>
    );
  const list = (title: string, items: typeof added, side: typeof from) => (
    <Section title={title}>
      {items.map((finding) => (
        <div key={finding.id} style={{ marginBottom: 6 }}>
          <SeverityBadge severity={finding.severity} />{' '}
          <Link
            to="/inventory/models/$id/versions/$version/findings/$finding"
            params={{ id: side.modelId, version: String(side.version), finding: finding.id }}
          >
            {finding.message}
          </Link>{' '}
          <span className="bz-dim bz-wrap">{finding.path}</span>
        </div>
      ))}
    </Section>
  );
  return (
    <>
      {counts.added > 0 ? list(`New findings (${formatCount(counts.added)})`, added, to) : null}
      {counts.removed > 0
        ? list(`Findings that are gone (${formatCount(counts.removed)})`, removed, from)
        : null}
    </>
  );
}
