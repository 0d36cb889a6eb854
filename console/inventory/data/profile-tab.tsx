import type { DataColumnProfile, DatasetVersion } from '@bartizan/contracts';
import { formatCount, formatShare } from '../../ui/format.ts';
import { EmptyState } from '../../ui/states.tsx';

const figure = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 6 });

/** What the columns hold, without any record’s own value. */
export function ProfileTab({ version }: { version: DatasetVersion }) {
  if (version.profile === null)
    return <EmptyState title="Not read yet">The profile is there once the records were read.</EmptyState>;
  const { rows, columns } = version.profile;
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col" className="bz-num">
              Missing
            </th>
            <th scope="col" className="bz-num">
              Different
            </th>
            <th scope="col">Spread</th>
            <th scope="col">Most frequent</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.name}>
              <td className="bz-wrap">
                <b>{column.name}</b>
                {column.name === version.label ? <div className="bz-dim">label</div> : null}
              </td>
              <td>{column.type.kind}</td>
              <td className="bz-num">{column.missing === 0 ? '0' : formatShare(column.missing, rows)}</td>
              <td className="bz-num">{formatCount(Math.round(column.distinct))}</td>
              <td>
                <Spread column={column} />
              </td>
              <td className="bz-wrap">
                {column.top.slice(0, 3).map(({ value, count }) => (
                  <div key={value} className="bz-clip">
                    {value} <span className="bz-dim">{formatShare(count, rows)}</span>
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Spread({ column: { numbers, lengths } }: { column: DataColumnProfile }) {
  const summary = numbers ?? lengths;
  if (summary === null) return null;
  return (
    <>
      {figure(summary.min)} … {figure(summary.quantiles.p50)} … {figure(summary.max)}
      <div className="bz-dim">{numbers === null ? 'bytes; ' : ''}lowest, median, highest</div>
    </>
  );
}
