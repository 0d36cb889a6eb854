import { type PrivateRelease, privacyRoutes } from '@bartizan/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatCount } from '../../ui/format.ts';
import { LoadMore } from '../../ui/load-more.tsx';
import { Section } from '../../ui/page.tsx';
import { RelativeTime } from '../../ui/time.tsx';

/** Statistics that were given out, newest first. */
export function Releases({ datasetId }: { datasetId: string }) {
  const mayRead = useMay('data.content');
  const query = useInfiniteQuery({
    queryKey: ['data', 'dataset', datasetId, 'releases'],
    queryFn: ({ pageParam, signal }) =>
      api.call(privacyRoutes.releases, {
        params: { dataset: datasetId },
        query: { cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (items.length === 0) return null;
  return (
    <Section title="Released" flush>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Answer</th>
            <th scope="col" className="bz-num">
              ε
            </th>
            <th scope="col">Why</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id}>
              <td className="bz-wrap">
                {item.query.kind}
                {'column' in item.query && item.query.column ? ` of ${item.query.column}` : ''}
                {mayRead && item.query.kind === 'count' && item.query.value !== undefined
                  ? ` = ${item.query.value}`
                  : ''}
                <div className="bz-dim">{item.mechanism}</div>
              </td>
              <td className="bz-wrap">
                <Answer release={item} />
              </td>
              <td className="bz-num">{item.spent.epsilon}</td>
              <td className="bz-wrap">
                {item.purpose}
                <div className="bz-dim">{item.createdBy}</div>
              </td>
              <td>
                <RelativeTime at={item.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <LoadMore query={query} shown={items.length} verb="Load older" />
    </Section>
  );
}

const MOST_SHOWN = 12;

function Answer({ release: { value, standardError } }: { release: PrivateRelease }) {
  if (typeof value === 'number')
    return (
      <>
        {value.toLocaleString('en', { maximumFractionDigits: 4 })}
        {standardError === null ? null : (
          <span className="bz-dim">
            {' '}
            ± {standardError.toLocaleString('en', { maximumSignificantDigits: 3 })}
          </span>
        )}
      </>
    );
  const entries = Object.entries(value).toSorted(([, a], [, b]) => b - a);
  return (
    <>
      {entries.slice(0, MOST_SHOWN).map(([category, count]) => (
        <div key={category}>
          {category}: {formatCount(count)}
        </div>
      ))}
      {entries.length > MOST_SHOWN ? (
        <div className="bz-dim">and {formatCount(entries.length - MOST_SHOWN)} more</div>
      ) : null}
    </>
  );
}
