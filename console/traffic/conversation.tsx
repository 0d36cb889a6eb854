import type { RecordedSegment } from '@bartizan/contracts';
import { useCheckTitles } from '../app/check-titles.ts';
import { CopyableId } from '../ui/copy.tsx';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Highlighted } from '../ui/highlighted.tsx';
import { AUTHOR_MEANINGS, AUTHOR_TITLES, DIRECTION_TITLES, KIND_TITLES } from '../ui/segments.ts';
import { CorrectButton } from './correct-dialog.tsx';
import { anchorOf } from './findings-table.tsx';
import type { GuardFinding } from './types.ts';

interface ConversationProps {
  readonly interactionId: string;
  readonly segments: readonly RecordedSegment[];
  readonly findings: readonly GuardFinding[];
}

/** The request and its answer, part by part, with what was found marked in the text. */
export function Conversation({ interactionId, segments, findings }: ConversationProps) {
  return (['input', 'output'] as const).map((direction) => {
    const parts = segments.filter((segment) => segment.direction === direction);
    return (
      <div key={direction}>
        <h3 className="bz-part">
          {DIRECTION_TITLES[direction]}
          {parts.length === 0 ? `: ${direction === 'output' ? 'none' : 'no text'}` : null}
        </h3>
        {parts.map((segment) => (
          <Segment
            key={segment.index}
            interactionId={interactionId}
            segment={segment}
            findings={findings.filter(
              (finding) => finding.direction === direction && finding.segment === segment.index,
            )}
          />
        ))}
      </div>
    );
  });
}

interface SegmentProps {
  readonly interactionId: string;
  readonly segment: RecordedSegment;
  readonly findings: readonly GuardFinding[];
}

/** Whether the injection check judges a part of a request: what users and third parties wrote. */
const isJudged = ({ direction, author }: RecordedSegment): boolean =>
  direction === 'input' && (author === 'user' || author === 'third_party');

function Segment({ interactionId, segment, findings }: SegmentProps) {
  const titleOf = useCheckTitles();
  return (
    <article className="bz-segment" data-kind={segment.kind}>
      <header>
        <b title={AUTHOR_MEANINGS[segment.author]}>{AUTHOR_TITLES[segment.author]}</b>
        <span>{KIND_TITLES[segment.kind]}</span>
        <span>{formatCount(segment.chars)} characters</span>
        {findings.length > 0 ? <span>{formatNoun(findings.length, 'finding')}</span> : null}
        <span className="bz-mono" title="Place in the body">
          {segment.path}
        </span>
        {isJudged(segment) ? (
          <CorrectButton
            target={{ of: 'interaction', interactionId, segment: segment.index, text: segment.text }}
          />
        ) : null}
      </header>
      {segment.text === null ? (
        <div className="bz-dim">
          Only the digest of the text was kept: <CopyableId value={segment.sha256} />
        </div>
      ) : (
        <Highlighted text={segment.text} findings={findings} anchor={anchorOf} titleOf={titleOf} />
      )}
    </article>
  );
}
