import type { DetectorReading } from '@bartizan/contracts';
import { formatNoun } from '../ui/format.ts';
import { AUTHOR_TITLES } from '../ui/segments.ts';

interface ReadingsProps {
  readonly segments: readonly { readonly text: string }[];
  readonly readings: readonly DetectorReading[];
}

/** Windows of a text that are listed. */
const MOST = 8;
/** Characters of a window that are quoted at either end. */
const QUOTED = 70;

/** How the injection detector read the texts: its stages, its windows, and what it makes of them. */
export function Readings({ segments, readings }: ReadingsProps) {
  if (readings.length === 0) return null;
  return (
    <div className="bz-result-block" style={{ overflowX: 'auto' }}>
      <h3>How the injection detector read it</h3>
      {readings.map((reading) => (
        <Reading
          key={reading.segment}
          reading={reading}
          text={segments[reading.segment]?.text ?? ''}
          several={readings.length > 1}
        />
      ))}
    </div>
  );
}

const percent = (value: number): string =>
  `${(100 * value).toFixed(value > 0.995 || value < 0.005 ? 2 : 1)}%`;

const SETTLED = {
  harmless: 'The fast stage settled it as harmless; the encoder was not asked.',
  attack: 'The fast stage settled it as an attack; the encoder was not asked.',
} as const;

function Reading({ reading, text, several }: { reading: DetectorReading; text: string; several: boolean }) {
  const { probability, threshold, settled, count, windows } = reading;
  return (
    <>
      <p>
        {several ? `Text ${reading.segment + 1}, ` : ''}
        {AUTHOR_TITLES[reading.origin]}: an attack with a probability of <b>{percent(probability)}</b>; from{' '}
        {percent(threshold)} on it counts as one at “balanced”. Read in {formatNoun(count, 'window')} and
        parts. {settled === null ? '' : SETTLED[settled]}
      </p>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Window or part</th>
            <th scope="col" className="bz-num" title="Logit of the linear stage">
              Fast stage
            </th>
            <th scope="col" className="bz-num" title="Logit of the encoder">
              Encoder
            </th>
          </tr>
        </thead>
        <tbody>
          {windows.slice(0, MOST).map((window, index) => (
            <tr key={index}>
              <td className="bz-wrap">
                {excerpt(text.slice(window.start, window.end))}
                <div className="bz-dim">
                  characters {window.start} to {window.end}
                  {window.piece === null ? '' : `, ${window.piece}`}
                  {window.how.length === 0 ? '' : `, hidden by ${window.how.join(', then ')}`}
                </div>
              </td>
              <td className="bz-num">{window.linear.toFixed(1)}</td>
              <td className="bz-num">{window.encoder === null ? 'not asked' : window.encoder.toFixed(1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {windows.length > MOST ? (
        <p className="bz-dim">{formatNoun(windows.length - MOST, 'window')} more, less suspect.</p>
      ) : null}
    </>
  );
}

const excerpt = (text: string): string =>
  text.length <= 2 * QUOTED + 3 ? text : `${text.slice(0, QUOTED)} … ${text.slice(-QUOTED)}`;
