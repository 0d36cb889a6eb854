import type { LabelQueue } from '@bartizan/contracts';
import { formatCount } from '../../ui/format.ts';
import { Section } from '../../ui/page.tsx';

/** Who labelled, how far they agree with the others, and who is suspected. */
export function Annotators({ queue }: { queue: LabelQueue }) {
  if (queue.from !== 'annotations') return null;
  return (
    <Section
      title={`Annotators (${formatCount(queue.annotators.length)})`}
      description={
        queue.alpha === null
          ? undefined
          : `Agreement: Krippendorff’s α ${queue.alpha.toFixed(3)} (1: full, 0: chance)`
      }
      flush
    >
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Annotator</th>
            <th scope="col" className="bz-num">
              Labels
            </th>
            <th scope="col" className="bz-num">
              Reliability
            </th>
          </tr>
        </thead>
        <tbody>
          {queue.annotators.slice(0, 200).map((annotator) => (
            <tr key={annotator.name}>
              <td className="bz-wrap">
                {annotator.name}
                {annotator.suspicion === null ? null : (
                  <div style={{ color: 'var(--bz-block)' }}>{annotator.suspicion}</div>
                )}
              </td>
              <td className="bz-num">{formatCount(annotator.labels)}</td>
              <td className="bz-num">
                {annotator.reliability === null ? (
                  <span className="bz-dim">too few</span>
                ) : (
                  <span
                    title={`95% interval ${annotator.reliability.low.toFixed(2)} to ${annotator.reliability.high.toFixed(2)}`}
                  >
                    {(annotator.reliability.value * 100).toFixed(0)}%
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
