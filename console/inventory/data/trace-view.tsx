import { type DataLineageNode, dataLineageRoutes, type Trace, type TraceOrigin } from '@bartizan/contracts';
import { Alert } from '@mantine/core';
import { IconRoute2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../../app/api.ts';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { LINEAGE_KIND_WORDS, LineageLink } from './lineage-words.tsx';

/** Ground zero of a thing, and its blast radius. */
export function TraceView({ subject }: { subject: string | undefined }) {
  if (subject === undefined || subject === '')
    return (
      <EmptyState icon={IconRoute2} title="What went wrong?">
        Name a record (<code>loans@3#17</code>), a version (<code>loans@3</code>), <code>source:NAME</code>,{' '}
        <code>batch:loans/2026-11-03</code>, <code>model:NAME@2</code>, <code>endpoint:NAME</code> or{' '}
        <code>interaction:ID</code>: it is followed back to where the data came in, and on to all that it
        reached.
      </EmptyState>
    );
  return <Traced subject={subject} />;
}

function Traced({ subject }: { subject: string }) {
  const query = useQuery({
    queryKey: ['data', 'trace', subject],
    queryFn: ({ signal }) => api.call(dataLineageRoutes.trace, { query: { subject }, signal }),
    retry: false,
  });
  return <QueryView query={query}>{(trace) => <Shown trace={trace} />}</QueryView>;
}

function Shown({ trace }: { trace: Trace }) {
  const { reached } = trace;
  return (
    <>
      <p>
        <LineageLink node={trace.subject} />{' '}
        <span className="bz-dim">{LINEAGE_KIND_WORDS[trace.subject.kind]}</span>
      </p>
      {trace.truncated || trace.hidden > 0 ? (
        <Alert color="gray" variant="light" my="sm">
          {trace.truncated ? 'There is more than was followed. ' : ''}
          {trace.hidden > 0 ? `${formatNoun(trace.hidden, 'thing')} of other teams are not named.` : ''}
        </Alert>
      ) : null}
      <Section
        title="Ground zero"
        description="Where the records behind it came in; the most suspicious first."
        flush
      >
        {trace.origins.length === 0 ? (
          <p className="bz-dim" style={{ padding: 16 }}>
            No dataset that is known here is behind it.
          </p>
        ) : (
          <Origins origins={trace.origins} />
        )}
      </Section>
      <Section
        title="Blast radius"
        description={
          reached.interactions === null
            ? 'What it reached.'
            : `What it reached; the endpoints answered ${formatNoun(reached.interactions, 'request')} with it.`
        }
      >
        <div className="bz-version-columns">
          <Reached title="Dataset versions" nodes={reached.datasetVersions} />
          <Reached title="Runs" nodes={reached.runs} />
          <Reached title="Model versions" nodes={reached.modelVersions} />
          <Reached title="Endpoints" nodes={reached.endpoints} />
          <Reached title="Systems" nodes={reached.systems} />
        </div>
      </Section>
    </>
  );
}

function Origins({ origins }: { origins: readonly TraceOrigin[] }) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Dataset</th>
          <th scope="col">Batch</th>
          <th scope="col">Source</th>
          <th scope="col" className="bz-num">
            Records
          </th>
          <th scope="col" className="bz-num">
            Suspected
          </th>
          <th scope="col">Most suspicious</th>
        </tr>
      </thead>
      <tbody>
        {origins.map((origin) => (
          <tr key={`${origin.datasetId} ${origin.version} ${origin.batch} ${origin.source}`}>
            <td>
              <Link
                to="/inventory/datasets/$id/versions/$version"
                params={{ id: origin.datasetId, version: String(origin.version) }}
              >
                {origin.dataset}@{origin.version}
              </Link>
            </td>
            <td style={{ whiteSpace: 'nowrap' }}>
              {origin.batch ?? <span className="bz-dim">not named</span>}
            </td>
            <td className="bz-wrap">{origin.source ?? <span className="bz-dim">not named</span>}</td>
            <td className="bz-num">{formatCount(origin.records)}</td>
            <td className="bz-num">
              {origin.suspected === null ? (
                <span className="bz-dim">not scanned</span>
              ) : (
                formatCount(origin.suspected)
              )}
              {origin.lift === null ? null : (
                <div className="bz-dim">{origin.lift.toFixed(1)} times the rest</div>
              )}
            </td>
            <td>
              {origin.rows.slice(0, 3).map(({ row, score, reason }) => (
                <div key={row} className="bz-wrap">
                  Row {formatCount(row)} <span className="bz-dim">({score.toFixed(2)})</span> {reason}
                </div>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const MOST = 50;

function Reached({ title, nodes }: { title: string; nodes: readonly DataLineageNode[] }) {
  return (
    <div>
      <h3 className="bz-lineage-head">
        {title} ({formatCount(nodes.length)})
      </h3>
      {nodes.length === 0 ? <p className="bz-dim">None.</p> : null}
      <ul className="bz-lineage-list">
        {nodes.slice(0, MOST).map((node) => (
          <li key={node.id}>
            <LineageLink node={node} />
            {node.quarantined ? <span className="bz-dim"> in quarantine</span> : null}
          </li>
        ))}
        {nodes.length > MOST ? <li className="bz-dim">and {formatCount(nodes.length - MOST)} more</li> : null}
      </ul>
    </div>
  );
}
