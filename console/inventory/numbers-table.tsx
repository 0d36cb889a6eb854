import { formatMetric } from './metrics.ts';

export interface NumbersRow {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly numbers: Readonly<Record<string, number | null>>;
  /** Last column; empty for nothing to say. */
  readonly said: string;
}

/** Tensors with their numbers; the columns are those that any of `all` has. */
export function NumbersTable({
  label,
  last,
  rows,
  all = rows,
}: {
  label: string;
  last: string;
  rows: readonly NumbersRow[];
  all?: readonly Pick<NumbersRow, 'numbers'>[];
}) {
  const columns = [...new Set(all.flatMap(({ numbers }) => Object.keys(numbers)))];
  return (
    <div style={{ overflowX: 'auto', maxHeight: 560 }} tabIndex={0} role="region" aria-label={label}>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Tensor</th>
            <th scope="col">Type</th>
            <th scope="col">Shape</th>
            {columns.map((column) => (
              <th key={column} scope="col" className="bz-num">
                {column}
              </th>
            ))}
            <th scope="col">{last}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <td className="bz-mono bz-wrap" style={{ minWidth: 240 }}>
                {row.name}
              </td>
              <td>{row.type}</td>
              <td className="bz-nowrap">{row.shape.join(' × ') || 'scalar'}</td>
              {columns.map((column) => {
                const value = row.numbers[column];
                return (
                  <td key={column} className="bz-num">
                    {value === undefined ? '' : value === null ? 'not finite' : formatMetric(value)}
                  </td>
                );
              })}
              <td style={{ minWidth: row.said.length > 24 ? 280 : undefined }}>
                {row.said || <span className="bz-dim">–</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
