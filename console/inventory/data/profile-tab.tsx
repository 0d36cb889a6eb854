import { type DataColumnProfile, type DatasetVersion, MIN_PROFILE_RECORDS } from '@bartizan/contracts';
import { formatCount, formatShare } from '../../ui/format.ts';
import { EmptyState } from '../../ui/states.tsx';

/** A value of the data: no thousands are set apart, since it may be a code, a year or a postcode. */
const figure = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: 6, useGrouping: false });

/** Counted up to here, estimated within about 0.8% beyond. */
const MOST_COUNTED = 1_024;

function differentWords({ distinct, count }: DataColumnProfile): string {
  const whole = Math.round(distinct);
  if (whole <= MOST_COUNTED) return formatCount(whole);
  return whole >= count * 0.98 ? 'all or nearly all' : `about ${formatCount(Number(whole.toPrecision(2)))}`;
}

const DAY_MS = 86_400_000;
const MICROS_PER_MS = 1_000;

/** Figures of dates are days since 1970, those of times microseconds. */
function valueWords(value: number, { type, numbers }: DataColumnProfile): string {
  if (numbers === null) return figure(value);
  const inMs = type.kind === 'date' ? DAY_MS : 1 / MICROS_PER_MS;
  if (type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'instant' || type.kind === 'time') {
    const at = new Date(value * inMs);
    if (Number.isNaN(at.getTime())) return figure(value);
    const iso = at.toISOString();
    return type.kind === 'date'
      ? iso.slice(0, -14)
      : type.kind === 'time'
        ? iso.slice(-13, -5)
        : iso.slice(0, -5);
  }
  return figure(value);
}

/** What the columns hold, without any record’s own value. */
export function ProfileTab({ version }: { version: DatasetVersion }) {
  if (version.profile === null)
    return <EmptyState title="Not read yet">The profile is there once the records were read.</EmptyState>;
  const { rows: all, sampledRows, columns } = version.profile;
  const rows = sampledRows ?? all;
  return (
    <>
      {sampledRows === undefined ? null : (
        <p className="bz-dim" style={{ marginBottom: 8 }}>
          {formatCount(sampledRows)} of {formatCount(all)} records were looked at for this.
        </p>
      )}
      <div className="bz-list" tabIndex={0} role="region" aria-label="Profile of the columns">
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
                <td className="bz-num">{differentWords(column)}</td>
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
      <p className="bz-dim" style={{ marginTop: 8 }}>
        Low and high leave the outermost values out: nothing that fewer than {MIN_PROFILE_RECORDS} records
        stand behind is told.
      </p>
    </>
  );
}

function Spread({ column }: { column: DataColumnProfile }) {
  const { numbers, lengths } = column;
  const summary = numbers ?? lengths;
  if (summary === null) return null;
  return (
    <>
      {valueWords(summary.min, column)} … {valueWords(summary.quantiles.p50, column)} …{' '}
      {valueWords(summary.max, column)}
      <div className="bz-dim">{numbers === null ? 'bytes; ' : ''}low, median, high</div>
    </>
  );
}
