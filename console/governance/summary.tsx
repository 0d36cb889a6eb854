import { auditRoutes } from '@bartizan/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api } from '../app/api.ts';
import { formatCount } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';

const DAYS = 30;

/** What was done in the last weeks, by whom, and why protected content was read. */
export function Summary() {
  const query = useQuery({
    queryKey: ['audit', 'summary'],
    queryFn: ({ signal }) =>
      api.call(auditRoutes.summary, { query: { windowMs: DAYS * 86_400_000 }, signal }),
  });
  return (
    <QueryView query={query}>
      {(summary) => (
        <>
          <p className="bz-dim" style={{ marginBottom: 12 }}>
            {formatCount(summary.entries)} entries in the last {DAYS} days.
          </p>
          <div className="bz-audit-columns">
            <Counts title="What was done" items={summary.actions}>
              {(name) => (
                <Link className="bz-mono" to="/governance/audit" search={{ action: name }}>
                  {name}
                </Link>
              )}
            </Counts>
            <Counts
              title="By whom"
              items={summary.actors.map(({ id, kind, name, count }) => ({
                name: id,
                count,
                kind,
                title: name,
              }))}
            >
              {(id, item) => (
                <Link to="/governance/audit" search={{ actor: id }}>
                  {item.title} <span className="bz-dim">{item.kind}</span>
                </Link>
              )}
            </Counts>
            <Counts title="Why protected content was read" items={summary.purposes}>
              {(name) => (
                <Link to="/governance/audit" search={{ purpose: name }}>
                  {name}
                </Link>
              )}
            </Counts>
          </div>
        </>
      )}
    </QueryView>
  );
}

interface CountsProps<T> {
  readonly title: string;
  readonly items: readonly T[];
  readonly children: (name: string, item: T) => ReactNode;
}

function Counts<T extends { readonly name: string; readonly count: number }>({
  title,
  items,
  children,
}: CountsProps<T>) {
  return (
    <Section flush title={title}>
      {items.length === 0 ? (
        <p className="bz-dim" style={{ padding: '0 16px 16px' }}>
          None.
        </p>
      ) : (
        <table className="bz-table">
          <tbody>
            {items.map((item) => (
              <tr key={item.name}>
                <td>{children(item.name, item)}</td>
                <td className="bz-num">{formatCount(item.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
