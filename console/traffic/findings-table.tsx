import { Button } from '@mantine/core';
import { useState } from 'react';
import { useCheckTitles } from '../app/check-titles.ts';
import { formatCount, formatNoun } from '../ui/format.ts';
import { DIRECTION_TITLES } from '../ui/segments.ts';
import { VerdictBadge } from '../ui/verdict.tsx';
import type { GuardFinding } from './types.ts';

/** The id of the place in the text where a finding begins. */
export const anchorOf = (finding: GuardFinding): string =>
  `finding-${finding.direction}-${finding.segment}-${finding.start}`;

/** A hostile text can carry thousands of findings; a page of them is enough to begin with. */
const FIRST = 50;
const MORE = 200;

/** What was found: check, where, how sure, why it matters, and what was done. `narrow` joins check and message. */
export function FindingsTable({
  findings,
  narrow = false,
}: {
  findings: readonly GuardFinding[];
  narrow?: boolean;
}) {
  const titleOf = useCheckTitles();
  const [limit, setLimit] = useState(FIRST);
  return (
    <>
      <Rows findings={findings.slice(0, limit)} narrow={narrow} titleOf={titleOf} />
      {findings.length > limit ? (
        <div className="bz-list-foot">
          <span className="bz-dim">
            {formatCount(limit)} of {formatNoun(findings.length, 'finding')} shown
          </span>
          <Button variant="default" size="compact-sm" onClick={() => setLimit(limit + MORE)}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}

interface RowsProps {
  readonly findings: readonly GuardFinding[];
  readonly narrow: boolean;
  readonly titleOf: (check: string) => string;
}

function Rows({ findings, narrow, titleOf }: RowsProps) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Action</th>
          {narrow ? null : <th scope="col">Check</th>}
          <th scope="col">What</th>
          <th scope="col">Where</th>
          <th scope="col" className="bz-num">
            Score
          </th>
        </tr>
      </thead>
      <tbody>
        {findings.map((finding, index) => (
          <tr key={index}>
            <td>
              <VerdictBadge verdict={finding.action} />
              {finding.enforced ? null : <div className="bz-dim bz-nowrap">not enforced</div>}
            </td>
            {narrow ? null : (
              <td>
                {titleOf(finding.check)}
                <div className="bz-dim bz-mono">{finding.check}</div>
              </td>
            )}
            <td>
              {narrow ? <b>{titleOf(finding.check)}</b> : null}
              {narrow ? <br /> : null}
              {finding.message}
              <div className="bz-dim">
                {finding.kind}, rule {finding.rule}
              </div>
            </td>
            <td className="bz-nowrap">
              <a
                href={`#${anchorOf(finding)}`}
                onClick={(event) => {
                  event.preventDefault();
                  const place = document.getElementById(anchorOf(finding));
                  place?.scrollIntoView({ block: 'center' });
                  place?.focus();
                }}
              >
                {DIRECTION_TITLES[finding.direction]}, part {finding.segment + 1}
              </a>
              <div className="bz-dim">
                {finding.start}–{finding.end}
              </div>
            </td>
            <td className="bz-num">{finding.score.toFixed(2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
