import { diffLines } from './line-diff.ts';

interface DiffProps {
  readonly left: string;
  readonly right: string;
  readonly leftTitle: string;
  readonly rightTitle: string;
}

const WORDS = { same: '', removed: 'removed', added: 'added', changed: 'changed' } as const;
/** Equal lines kept around a change. */
const CONTEXT = 3;

/** Two texts side by side; long equal parts are folded. */
export function Diff({ left, right, leftTitle, rightTitle }: DiffProps) {
  const rows = diffLines(left.split('\n'), right.split('\n'));
  const near = rows.map((_, index) =>
    rows.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((row) => row.kind !== 'same'),
  );
  return (
    <div className="bz-diff">
      <table>
        <thead>
          <tr>
            <th scope="col">{leftTitle}</th>
            <th scope="col">{rightTitle}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            if (!near[index]) {
              return near[index - 1] || index === 0 ? (
                <tr key={index} className="bz-diff-fold">
                  <td colSpan={2}>…</td>
                </tr>
              ) : null;
            }
            return (
              <tr key={index} data-kind={row.kind}>
                <td data-side="left" data-empty={row.left === null}>
                  {row.left !== null && row.kind !== 'same' ? (
                    <span className="bz-hidden">{WORDS[row.kind]} </span>
                  ) : null}
                  {row.left}
                </td>
                <td data-side="right" data-empty={row.right === null}>
                  {row.right}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
