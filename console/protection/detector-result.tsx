import {
  DETECTOR_POINTS,
  type DetectorComparison,
  type DetectorComparisonChange,
  type DetectorComparisonResult,
  type DetectorShare,
  detectorComparisonRoutes,
} from '@bartizan/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { formatCount, formatMs, formatNoun } from '../ui/format.ts';
import { LoadMore } from '../ui/load-more.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';

/** A share with its interval: "1.2% (0.8 to 1.9)". */
export function shareInWords({ share, low, high, of }: DetectorShare): string {
  if (share === null || low === null || high === null || of === 0) return 'none to judge';
  const percent = (value: number) => (100 * value).toFixed(value < 0.1 ? 1 : 0);
  return `${percent(share)}% (${percent(low)} to ${percent(high)})`;
}

interface ResultProps {
  readonly comparison: DetectorComparison;
  readonly result: DetectorComparisonResult;
}

/** What both models made of the same texts. */
export function ComparisonResult({ comparison, result }: ResultProps) {
  const mayRead = useMay('interactions.read');
  return (
    <>
      <Section title="What was judged">
        <Facts
          items={[
            [
              'Interactions',
              `${formatCount(result.interactions)}${result.notEvaluable > 0 ? `, and ${formatCount(result.notEvaluable)} whose content was not kept` : ''}`,
            ],
            [
              'Different texts',
              `${formatCount(result.texts.user)} of users, ${formatCount(result.texts.third_party)} of third parties${result.notJudged > 0 ? `, ${formatCount(result.notJudged)} not judged` : ''}`,
            ],
            [
              'Corrections',
              `${formatNoun(result.corrections.attack, 'attack')}, ${formatCount(result.corrections.harmless)} harmless`,
            ],
            ['Took', formatMs(result.durationMs)],
          ]}
        />
      </Section>
      <Section flush title="Side by side" description="Intervals are 95% (Wilson).">
        <SideBySide comparison={comparison} result={result} />
      </Section>
      <Section
        flush
        title="Agreement"
        description="Different texts of interactions that each takes for an attack; corrections are told apart above."
      >
        <Agreement result={result} />
      </Section>
      {mayRead ? <Changes id={comparison.id} total={result.changes} /> : null}
    </>
  );
}

function SideBySide({ comparison, result: { live, candidate } }: ResultProps) {
  const at = (
    model: DetectorComparisonResult['live'],
    what: 'blocked' | 'recall' | 'falseAlarms',
    point: string,
  ): string => {
    const found = model[what].find((each) => each.point === point);
    return found === undefined ? 'none to judge' : shareInWords(found);
  };
  const rows = (what: 'blocked' | 'recall' | 'falseAlarms', title: string) =>
    DETECTOR_POINTS.map((point) => (
      <tr key={`${what} ${point}`}>
        <th scope="row">
          {title}, {point}
        </th>
        <td className="bz-num">{at(live, what, point)}</td>
        <td className="bz-num">{at(candidate, what, point)}</td>
      </tr>
    ));
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">
            <span className="bz-hidden">Figure</span>
          </th>
          <th scope="col" className="bz-num">
            {comparison.live}, live
          </th>
          <th scope="col" className="bz-num">
            {comparison.candidate}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows('blocked', 'Interactions with an attack')}
        {rows('recall', 'Found of corrected attacks')}
        {rows('falseAlarms', 'Alarms at corrected harmless texts')}
        <tr>
          <th scope="row">Time a text, median and 99th percentile</th>
          {[live, candidate].map((model, index) => (
            <td className="bz-num" key={index}>
              {formatMs(model.latencyMs.p50)}, {formatMs(model.latencyMs.p99)}
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">Settled by the fast stage</th>
          <td className="bz-num">{shareInWords(live.settledByLinear)}</td>
          <td className="bz-num">{shareInWords(candidate.settledByLinear)}</td>
        </tr>
      </tbody>
    </table>
  );
}

const Agreement = ({ result }: { result: DetectorComparisonResult }) => (
  <table className="bz-table">
    <thead>
      <tr>
        <th scope="col">Operating point</th>
        <th scope="col" className="bz-num">
          Both
        </th>
        <th scope="col" className="bz-num">
          Only the live one
        </th>
        <th scope="col" className="bz-num">
          Only the candidate
        </th>
        <th scope="col" className="bz-num">
          Neither
        </th>
      </tr>
    </thead>
    <tbody>
      {result.agreement.map((each) => (
        <tr key={each.point}>
          <th scope="row">{each.point}</th>
          <td className="bz-num">{formatCount(each.both)}</td>
          <td className="bz-num">{formatCount(each.onlyLive)}</td>
          <td className="bz-num">{formatCount(each.onlyCandidate)}</td>
          <td className="bz-num">{formatCount(each.neither)}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

function Changes({ id, total }: { id: string; total: number }) {
  const query = useInfiniteQuery({
    queryKey: ['detector', 'comparisons', id, 'changes'],
    queryFn: ({ pageParam, signal }) =>
      api.call(detectorComparisonRoutes.changes, {
        params: { id },
        query: { cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      flush
      title={formatNoun(total, 'change')}
      description="Different texts of interactions about which the two differ at “balanced”, newest first; of them you see those of your endpoints."
    >
      {query.isPending ? <ListSkeleton rows={4} /> : null}
      {query.isError ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : null}
      {query.isSuccess && items.length === 0 ? (
        <EmptyState
          title={total === 0 ? 'They agree about every text' : 'None of them is of an endpoint that you see'}
        />
      ) : null}
      {items.length > 0 ? <ChangeTable items={items} /> : null}
      <LoadMore query={query} shown={items.length} verb="Show more" />
    </Section>
  );
}

const said = ({ attack, probability }: DetectorComparisonChange['live']): string =>
  `${attack ? 'attack' : 'harmless'}${probability === null ? '' : `, ${(100 * probability).toFixed(1)}%`}`;

const ChangeTable = ({ items }: { items: readonly DetectorComparisonChange[] }) => (
  <table className="bz-table">
    <thead>
      <tr>
        <th scope="col">Where</th>
        <th scope="col">Written by</th>
        <th scope="col">The live one</th>
        <th scope="col">The candidate</th>
        <th scope="col">When</th>
      </tr>
    </thead>
    <tbody>
      {items.map((each, index) => (
        <tr key={index}>
          <td>
            {each.interactionId === null ? (
              'a corrected text'
            ) : (
              <Link to="/traffic/interactions/$id" params={{ id: each.interactionId }}>
                interaction, text {each.segment + 1}
              </Link>
            )}
          </td>
          <td>{each.origin === 'user' ? 'the user' : 'a third party'}</td>
          <td>{said(each.live)}</td>
          <td>{said(each.candidate)}</td>
          <td>
            <RelativeTime at={each.at} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
