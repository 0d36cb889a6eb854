import type { TryResult } from '@bartizan/contracts';
import { useCheckTitles } from '../app/check-titles.ts';
import { formatMs, formatNoun } from '../ui/format.ts';
import { Highlighted } from '../ui/highlighted.tsx';
import { AUTHOR_TITLES } from '../ui/segments.ts';
import { VerdictBadge } from '../ui/verdict.tsx';
import { CorrectButton } from './correct-dialog.tsx';
import { anchorOf, FindingsTable } from './findings-table.tsx';
import type { TryInput } from './playground-state.ts';
import { Readings } from './readings.tsx';
import { Timings } from './timings.tsx';

/** Verdict, findings in their place, the text as it would be forwarded, and how long each guard took. */
export function PlaygroundResult({ request, result }: { request: TryInput; result: TryResult }) {
  const titleOf = useCheckTitles();
  const total = result.timings.reduce((sum, timing) => sum + timing.ms, 0);
  const changed = result.redacted.some((text, index) => text !== request.segments[index]?.text);
  return (
    <div aria-live="polite">
      <div className="bz-play-verdict">
        <VerdictBadge verdict={result.verdict} shadow={result.wouldBe} />
        <span className="bz-dim">
          {formatNoun(result.findings.length, 'finding')}, guards took {formatMs(total)}
        </span>
      </div>
      {result.errors.map((each) => (
        <p key={each.check} className="bz-box" style={{ color: 'var(--bz-block)' }}>
          {titleOf(each.check)} could not judge this: {each.message}
        </p>
      ))}
      {result.coaching ? (
        <div className="bz-result-block">
          <h3>What the caller is told</h3>
          <p className="bz-box">{result.coaching}</p>
        </div>
      ) : null}
      <div className="bz-result-block">
        <h3>What was found</h3>
        {request.segments.map((segment, index) => (
          <div className="bz-box" key={index}>
            <div className="bz-play-author">
              {request.segments.length > 1 ? (
                <span className="bz-dim">{AUTHOR_TITLES[segment.author]}</span>
              ) : null}
              {request.direction === 'input' &&
              (segment.author === 'user' || segment.author === 'third_party') ? (
                <CorrectButton
                  target={{
                    of: 'text',
                    text: segment.text,
                    origin: segment.author,
                    segmentKind: segment.kind ?? 'message',
                  }}
                />
              ) : null}
            </div>
            <Highlighted
              text={segment.text}
              findings={result.findings.filter((finding) => finding.segment === index)}
              anchor={anchorOf}
              titleOf={titleOf}
            />
          </div>
        ))}
      </div>
      {result.findings.length > 0 ? (
        <div className="bz-result-block" style={{ overflowX: 'auto' }}>
          <FindingsTable narrow findings={result.findings} />
        </div>
      ) : null}
      <Readings segments={request.segments} readings={result.readings} />
      {changed ? (
        <div className="bz-result-block">
          <h3>As it would be forwarded</h3>
          {result.redacted.map((text, index) => (
            <div className="bz-box bz-text" key={index}>
              {text}
            </div>
          ))}
        </div>
      ) : null}
      <div className="bz-result-block">
        <h3>Time that each guard took</h3>
        <Timings timings={result.timings} />
      </div>
    </div>
  );
}
