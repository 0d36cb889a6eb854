import type { InteractionSummary } from '@bartizan/contracts';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { useCheckTitles } from '../app/check-titles.ts';
import { formatCount, formatMs } from '../ui/format.ts';
import { Tag } from '../ui/page.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { OutcomeBadge, VerdictBadge } from '../ui/verdict.tsx';

interface TableProps {
  readonly items: readonly InteractionSummary[];
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOpen: (id: string) => void;
}

export function InteractionTable({ items, selected, onSelect, onOpen }: TableProps) {
  const titleOf = useCheckTitles();
  return (
    <div className="bz-list">
      <table className="bz-table bz-interactions">
        <thead>
          <tr>
            <th scope="col">Verdict</th>
            <th scope="col">When</th>
            <th scope="col">Text and findings</th>
            <th scope="col">Endpoint</th>
            <th scope="col">Key, end user</th>
            <th scope="col">Model</th>
            <th scope="col" className="bz-num">
              Tokens
            </th>
            <th scope="col" className="bz-num">
              Latency
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <Row
              key={item.id}
              item={item}
              index={index}
              selected={index === selected}
              checks={item.checks.map(titleOf).join('\n')}
              onSelect={onSelect}
              onOpen={onOpen}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly item: InteractionSummary;
  readonly index: number;
  readonly selected: boolean;
  /** Titles of the checks, one a line. */
  readonly checks: string;
  readonly onSelect: (index: number) => void;
  readonly onOpen: (id: string) => void;
}

const Row = memo(
  function Row({ item, index, selected, checks, onSelect, onOpen }: RowProps) {
    return (
      <tr
        data-list-index={index}
        data-selected={selected}
        data-pressable
        aria-selected={selected}
        onClick={(event) => {
          onSelect(index);
          if (!(event.target as HTMLElement).closest('a')) onOpen(item.id);
        }}
      >
        <td>
          <VerdictBadge verdict={item.verdict} shadow={item.wouldBe} />
        </td>
        <td>
          <RelativeTime at={item.at} />
        </td>
        <td className="bz-ellipsis">
          <Link to="/traffic/interactions/$id" params={{ id: item.id }} className="bz-row-text">
            {item.excerpt || <span className="bz-dim">No text kept</span>}
          </Link>
          <div className="bz-row-tags">
            {item.outcome === 'answered' || item.outcome === 'blocked' ? null : (
              <OutcomeBadge outcome={item.outcome} />
            )}
            {checks === '' ? null : checks.split('\n').map((title) => <Tag key={title}>{title}</Tag>)}
          </div>
        </td>
        <td className="bz-nowrap">
          {item.endpointId ? (
            <Link to="/protection/endpoints/$id" params={{ id: item.endpointId }}>
              {item.endpointSlug}
            </Link>
          ) : (
            item.endpointSlug || <span className="bz-dim">none</span>
          )}
        </td>
        <td className="bz-nowrap">
          {item.keyName || <span className="bz-dim">unknown</span>}
          {item.user ? <div className="bz-dim">{item.user}</div> : null}
        </td>
        <td className="bz-nowrap">
          {item.model}
          <div className="bz-dim">
            {item.api}
            {item.streamed ? ', streamed' : ''}
          </div>
        </td>
        <td className="bz-num">{item.tokens === null ? '–' : formatCount(item.tokens)}</td>
        <td className="bz-num">
          {formatMs(item.totalMs)}
          <div className="bz-dim">{item.status}</div>
        </td>
      </tr>
    );
  },
  (before, after) =>
    before.item === after.item &&
    before.index === after.index &&
    before.selected === after.selected &&
    before.checks === after.checks,
);
