import { registryRoutes, runRoutes, type VersionDetail } from '@bartizan/contracts';
import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { CodeBlock, CopyableId } from '../ui/copy.tsx';
import { formatBytes, formatCount, formatNoun } from '../ui/format.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Facts, Page, Section, Tag } from '../ui/page.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { BomTab } from './bom-tab.tsx';
import { FilesTab } from './files-tab.tsx';
import { FindingsTab } from './findings-tab.tsx';
import { LineageTab } from './lineage-tab.tsx';
import { formatMetric } from './metrics.ts';
import { modelQuery, versionQuery } from './model-queries.ts';
import { ScanPanel } from './scan-panel.tsx';
import { SignaturesTab } from './signatures-tab.tsx';
import { SIGNATURE_TITLES, STAGE_TITLES } from './stages.ts';
import { TagsEditor } from './tags-editor.tsx';
import { VersionActs } from './version-acts.tsx';
import { WeightsTab } from './weights-tab.tsx';
import './models.css';

const route = getRouteApi('/house/inventory/models/$id/versions/$version');
const TABS = ['overview', 'findings', 'files', 'signatures', 'bom', 'weights', 'lineage'] as const;

/** What a version is, where it is from, what was found in it, and who vouches for it. */
export function VersionPage() {
  return (
    <Gate permission="models.read">
      <OneVersion />
    </Gate>
  );
}

function OneVersion() {
  const { id, version } = route.useParams();
  const model = useQuery(modelQuery(id));
  const query = useQuery(versionQuery(id, Number(version)));
  return (
    <QueryView query={query}>
      {(detail) => (
        <Page
          title={`${detail.modelName} ${detail.version}`}
          above={
            <>
              <Link to="/inventory/models">Models</Link> /{' '}
              <Link to="/inventory/models/$id" params={{ id }}>
                {model.data?.name ?? detail.modelName}
              </Link>
            </>
          }
          heading={
            <>
              Version {detail.version} <ScanBadge verdict={detail.scan.verdict ?? detail.scan.state} />
              {detail.stage === 'none' ? null : <Tag>{STAGE_TITLES[detail.stage]}</Tag>}
              {detail.aliases.map((alias) => (
                <Tag key={alias} title="Alias">
                  {alias}
                </Tag>
              ))}
            </>
          }
          description={detail.description || undefined}
          actions={<VersionActs version={detail} />}
        >
          <Tabs detail={detail} />
        </Page>
      )}
    </QueryView>
  );
}

function Tabs({ detail }: { detail: VersionDetail }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const current = knownTab(search.tab, TABS as unknown as [string, ...string[]]);
  const params = { id: detail.modelId, version: String(detail.version) };
  const change = (next: object) =>
    void navigate({
      to: '/inventory/models/$id/versions/$version',
      params,
      search: { ...search, ...next },
      replace: true,
    });
  const { severities } = detail.scan;
  const found = severities.critical + severities.high + severities.medium + severities.low + severities.info;
  return (
    <>
      <LinkTabs
        label="Version"
        current={current}
        tabs={[
          { value: 'overview', label: 'Overview' },
          { value: 'findings', label: 'Findings', count: found },
          { value: 'files', label: 'Files', count: detail.files.count },
          { value: 'signatures', label: 'Signatures' },
          { value: 'bom', label: 'Bill of materials' },
          { value: 'weights', label: 'Weights' },
          { value: 'lineage', label: 'Lineage' },
        ]}
      />
      {current === 'overview' ? <Overview detail={detail} /> : null}
      {current === 'findings' ? (
        <FindingsTab
          versionId={detail.id}
          modelId={detail.modelId}
          version={detail.version}
          search={search}
          onSearch={change}
        />
      ) : null}
      {current === 'files' ? (
        <FilesTab versionId={detail.id} onFindings={(file) => change({ tab: 'findings', file })} />
      ) : null}
      {current === 'signatures' ? <SignaturesTab version={detail} /> : null}
      {current === 'bom' ? <BomTab modelId={detail.modelId} version={detail.version} /> : null}
      {current === 'weights' ? <WeightsTab versionId={detail.id} /> : null}
      {current === 'lineage' ? <LineageTab version={detail} /> : null}
    </>
  );
}

function Overview({ detail }: { detail: VersionDetail }) {
  return (
    <>
      {detail.status === 'failed' ? (
        <Alert color="red" variant="light" title="It was not registered" mb="md">
          {detail.statusMessage || 'Its files never came.'}
        </Alert>
      ) : null}
      <div className="bz-version-columns">
        <div>
          <ScanPanel versionId={detail.id} />
          <Section title="What it is">
            <Facts
              items={[
                ['Files', `${formatNoun(detail.files.count, 'file')}, ${formatBytes(detail.files.bytes)}`],
                ['Formats', detail.formats.join(', ') || '–'],
                ['Digest', detail.digest === null ? '–' : <CopyableId key="digest" value={detail.digest} />],
                [
                  'Signature',
                  `${SIGNATURE_TITLES[detail.signatures.state]}${detail.signatures.signers.length > 0 ? `: ${detail.signatures.signers.join(', ')}` : ''}`,
                ],
                ['Registered by', detail.createdBy],
                ['Registered', <RelativeTime key="created" at={detail.createdAt} />],
                ['Id', <CopyableId key="id" value={detail.id} />],
              ]}
            />
          </Section>
          <Load detail={detail} />
        </div>
        <div>
          <From detail={detail} />
          <Metrics detail={detail} />
          <TagsEditor
            tags={detail.tags}
            mayWrite={detail.may.write}
            save={(body) =>
              api.call(registryRoutes.tagVersion, {
                params: { model: detail.modelId, version: String(detail.version) },
                body,
              })
            }
            invalidates={['models', detail.modelId]}
          />
        </div>
      </div>
    </>
  );
}

function From({ detail }: { detail: VersionDetail }) {
  return (
    <Section title="Where it is from">
      <Facts
        items={[
          [
            'Run',
            detail.runId === null ? (
              'none: it was uploaded'
            ) : (
              <Link key="run" to="/inventory/models/runs/$id" params={{ id: detail.runId }}>
                <RunName id={detail.runId} />
              </Link>
            ),
          ],
          ['Source', detail.source || '–'],
          ['Base model', <Base key="base" detail={detail} />],
          ['Built on it', formatNoun(detail.children, 'version')],
          [
            'Data',
            detail.datasets.length === 0
              ? 'not known'
              : detail.datasets.map((dataset) => (
                  <div key={`${dataset.name}${dataset.digest}${dataset.context}`} className="bz-wrap">
                    {dataset.name} {dataset.context ? <Tag>{dataset.context}</Tag> : null}
                    <div className="bz-dim bz-mono">{dataset.digest}</div>
                  </div>
                )),
          ],
        ]}
      />
    </Section>
  );
}

/** What people call a run; its id while that is not known. */
function RunName({ id }: { id: string }) {
  const run = useQuery({
    queryKey: ['runs', id],
    queryFn: ({ signal }) => api.call(runRoutes.get, { params: { id }, signal }),
  });
  return run.data?.name || id;
}

function Base({ detail: { base } }: { detail: VersionDetail }) {
  if (base === null) return 'none named';
  if (base.kind === 'external')
    return (
      <span className="bz-wrap">
        {base.name}
        {base.digest === null ? (
          <span className="bz-dim"> (without a digest, so it cannot be told which bytes that were)</span>
        ) : null}
      </span>
    );
  if (base.modelId === null)
    return (
      <span>
        a model that you may not see <ScanBadge verdict={base.verdict} />
      </span>
    );
  return (
    <span>
      {base.removed ? (
        `${base.modelName} ${base.version} (removed)`
      ) : (
        <Link
          to="/inventory/models/$id/versions/$version"
          params={{ id: base.modelId, version: String(base.version) }}
        >
          {base.modelName} {base.version}
        </Link>
      )}{' '}
      <ScanBadge verdict={base.verdict} />
    </span>
  );
}

function Metrics({ detail: { metrics } }: { detail: VersionDetail }) {
  if (metrics.length === 0) return null;
  return (
    <Section title="Metrics">
      <Facts keys items={metrics.map(({ key, value }) => [key, formatMetric(value)] as const)} />
    </Section>
  );
}

function Load({ detail }: { detail: VersionDetail }) {
  const name = detail.modelName;
  const quarantined = detail.scan.quarantined;
  const files = useQuery({
    queryKey: ['models', detail.modelId, 'versions', detail.version, 'mlmodel'],
    queryFn: ({ signal }) =>
      api.call(registryRoutes.files, {
        params: { model: detail.modelId, version: String(detail.version) },
        query: { prefix: 'MLmodel', limit: 1 },
        signal,
      }),
    enabled: !quarantined,
  });
  // Without the file that describes its flavours, MLflow cannot load it. It sorts first of its prefix.
  const isMlflow = files.data?.items.some(({ path }) => path === 'MLmodel') ?? false;
  if (quarantined)
    return (
      <Section title="Use it">
        <p>
          It is in quarantine, so its files are given to nobody: look at the findings first. Whoever may
          manage models can accept them with a reason.
        </p>
      </Section>
    );
  const python = `import mlflow
model = mlflow.pyfunc.load_model("models:/${name}/${formatCount(detail.version).replaceAll(',', '')}")`;
  return (
    <Section title="Use it">
      <CodeBlock
        code={`bartizan model pull '${name.replaceAll("'", `'\\''`)}@${detail.version}' DIR`}
        label="Command"
      />
      {isMlflow ? (
        <>
          <div style={{ height: 8 }} />
          <CodeBlock code={python} label="Python" />
        </>
      ) : null}
    </Section>
  );
}
