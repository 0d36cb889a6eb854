import {
  type CleaningSelection,
  cleaningRoutes,
  type DataFinding,
  dataScanRoutes,
  type Quarantine,
} from '@bartizan/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { formatNoun } from '../../ui/format.ts';
import { Facts, Page, Section } from '../../ui/page.tsx';
import { SeverityBadge } from '../../ui/severity.tsx';
import { QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { QUARANTINE_STATES, RestoreButton, RestoredIn, selectionWords, VersionLink } from './cleaned-tab.tsx';
import { Difference } from './compare-data.tsx';
import { dataScanQuery } from './data-queries.ts';
import { DependantLink } from './dependant-link.tsx';
import './data.css';

const route = getRouteApi('/house/inventory/datasets/$id/taken-out/$quarantine');
const POLL_MS = 1_500;
/** Suspected records whose reasons are fetched. */
const MOST_REASONS = 200;
const MOST_DEPENDANTS = 50;

/** One cleaning, for whoever approves it or asks later: who, why, which records, and what speaks against each. */
export function TakenOutPage() {
  return (
    <Gate permission="data.read">
      <OneCleaning />
    </Gate>
  );
}

function OneCleaning() {
  const { id, quarantine } = route.useParams();
  const query = useQuery({
    queryKey: ['data', 'quarantine', quarantine],
    queryFn: ({ signal }) => api.call(cleaningRoutes.get, { params: { id: quarantine }, signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'working' ? POLL_MS : false),
  });
  return (
    <QueryView query={query}>
      {(item) => (
        <Page
          title={titleOf(item)}
          above={
            <Link to="/inventory/datasets/$id" params={{ id }} search={{ tab: 'cleaned' }}>
              Taken out
            </Link>
          }
          description={`Chosen by: ${selectionWords(item.selection)}. State: ${QUARANTINE_STATES[item.state]}.`}
          actions={<RestoreButton item={item} />}
        >
          <About item={item} />
          {'scan' in item.selection ? <Findings selection={item.selection} /> : null}
          <Removed item={item} />
        </Page>
      )}
    </QueryView>
  );
}

function titleOf({ state, removed }: Quarantine): string {
  const records = formatNoun(removed, 'record');
  if (state === 'done' || state === 'restore-awaiting-review') return `${records} taken out`;
  return state === 'restored' ? `${records} taken out and brought back` : `${records} to be taken out`;
}

function About({ item }: { item: Quarantine }) {
  return (
    <Section title="Why, and by whom">
      {item.failure === null ? null : <p role="alert">{item.failure}</p>}
      <Facts
        items={[
          ['Why', item.reason],
          ['By', item.createdBy],
          ['When', <RelativeTime key="at" at={item.createdAt} />],
          [
            'Out of version',
            <VersionLink key="from" datasetId={item.datasetId} version={item.fromVersion} />,
          ],
          [
            'Version without them',
            item.toVersion === null ? (
              <span className="bz-dim">not made</span>
            ) : (
              <span key="to">
                <VersionLink datasetId={item.datasetId} version={item.toVersion} />
                {item.state === 'awaiting-review' ? ' awaits approval: approve or reject it there' : ''}
              </span>
            ),
          ],
          ...(item.restoreVersion === null
            ? []
            : [['Brought back', <RestoredIn key="restored" item={item} />] as const]),
          ['Also in, or made from them', <Dependants key="dependants" item={item} />],
        ]}
      />
    </Section>
  );
}

function Dependants({ item: { dependants } }: { item: Quarantine }) {
  if (dependants.length === 0) return <span className="bz-dim">nothing known</span>;
  return (
    <>
      {dependants.slice(0, MOST_DEPENDANTS).map((dependant) => (
        <DependantLink key={`${dependant.kind} ${dependant.id}`} dependant={dependant} />
      ))}
      {dependants.length > MOST_DEPENDANTS ? (
        <div className="bz-dim">and {dependants.length - MOST_DEPENDANTS} more</div>
      ) : null}
    </>
  );
}

type OfScan = Extract<CleaningSelection, { scan: string }>;

/** The findings that the records were chosen by. */
function Findings({ selection }: { selection: OfScan }) {
  const query = useQuery(dataScanQuery(selection.scan));
  const behind = ({ number }: DataFinding): boolean =>
    selection.by === 'score' || number === selection.finding;
  return (
    <Section title="What was found">
      <QueryView query={query}>
        {({ scan, findings }) => (
          <>
            {findings.filter(behind).map((finding) => (
              <p key={finding.number} className="bz-wrap">
                <SeverityBadge severity={finding.severity} />{' '}
                <Link
                  to="/inventory/datasets/$id/versions/$version"
                  params={{ id: scan.datasetId, version: String(scan.version) }}
                  search={{ scan: scan.id }}
                >
                  {finding.title}
                </Link>
                . {finding.message}
              </p>
            ))}
          </>
        )}
      </QueryView>
    </Section>
  );
}

/** Reasons by row, of the most suspicious records of the scan that the records were chosen by. */
function useReasons({ selection }: Quarantine): ReadonlyMap<number, readonly string[]> | undefined {
  const scan = 'scan' in selection ? selection.scan : null;
  const query = useQuery({
    queryKey: ['data', 'scan', scan, 'reasons'],
    queryFn: ({ signal }) =>
      api.call(dataScanRoutes.records, {
        params: { id: scan ?? '' },
        query: { limit: MOST_REASONS },
        signal,
      }),
    enabled: scan !== null,
  });
  if (query.data === undefined) return undefined;
  return new Map(
    query.data.items.map(({ row, score, reasons }) => [
      row,
      reasons.slice(0, 4).map(({ message }) => `${message} (${score.toFixed(2)})`),
    ]),
  );
}

function Removed({ item }: { item: Quarantine }) {
  const reasons = useReasons(item);
  if (item.toVersion === null) return null;
  return (
    <Difference
      datasetId={item.datasetId}
      from={String(item.fromVersion)}
      to={String(item.toVersion)}
      reasons={reasons}
    />
  );
}
