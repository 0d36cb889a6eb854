import { cut } from '../artifacts/formats/core/text.ts';
import type { ArtifactFinding } from '../artifacts/types.ts';
import { isFloat } from './dtypes.ts';
import type { OddPart, Outlier, TensorFigures, WeightReport } from './types.ts';

export type WeightFinding = Omit<ArtifactFinding, 'path'>;

const CHECK = 'artifacts/weights';
const MOST_EACH = 20;

/**
 * How often a hint came up on 62 files of harmless models when its threshold was set: docs/guide/weights.md says which
 * models and how to measure them again.
 */
export const BASE_RATES = Object.freeze({
  outlier: '4 in 429 families',
  part: '8 of 3,728 tensors',
  replaced: '0 of 3,728 tensors',
  payload: '0 of 3,728 tensors',
});

/**
 * What is worth saying about the weights of one file. Only a payload that can be read out of the numbers is a finding
 * that changes a verdict (`medium`), and tensors without a single number (`low`); all else is a note, since harmless
 * models have it too.
 */
export function weightFindings(report: WeightReport): WeightFinding[] {
  return [
    ...payloads(report.tensors),
    ...numberless(report.tensors),
    ...report.tensors.flatMap(parts).slice(0, MOST_EACH),
    ...replaced(report.tensors),
    ...report.outliers.slice(0, MOST_EACH).map((outlier) => outlierNote(outlier, report.tensors)),
    ...zeros(report),
    ...constants(report),
    ...duplicates(report),
    ...report.notes
      .slice(0, MOST_EACH)
      .map((note) => plain('info', `Not all weights were measured: ${cut(note)}.`, 0)),
  ];
}

function plain(
  severity: 'info' | 'low',
  message: string,
  offset: number,
  evidence: ArtifactFinding['evidence'] = {},
): WeightFinding {
  return { check: CHECK, severity, kind: 'note', message, offset, evidence };
}

function payloads(tensors: readonly TensorFigures[]): WeightFinding[] {
  return tensors
    .flatMap((tensor) =>
      tensor.payloads.map(({ what, where, at, excerpt }): WeightFinding => {
        // Tokenizers are shipped as bytes in tensors of bytes; nobody stores text in the bits of fractions.
        const isPlain = what === 'text' && !isFloat(tensor.dtype);
        return {
          check: CHECK,
          severity: isPlain ? 'info' : 'medium',
          kind: isPlain ? 'note' : 'embedded-payload',
          message: `The ${where === 'bytes' ? 'bytes' : where} of tensor "${cut(tensor.name, 80)}", read in order, hold ${what} from number ${at} on.`,
          offset: tensor.offset,
          evidence: {
            excerpt: [cut(excerpt)],
            details: { tensor: cut(tensor.name), where, baseRate: BASE_RATES.payload },
          },
        };
      }),
    )
    .slice(0, MOST_EACH);
}

function counted(
  hits: readonly TensorFigures[],
  of: number,
  what: { readonly severity: 'info' | 'low'; readonly message: string },
): WeightFinding[] {
  const [first] = hits;
  if (first === undefined) return [];
  const excerpt = hits.slice(0, MOST_EACH).map(({ name }) => cut(name));
  return [
    plain(what.severity, `${hits.length} of ${of} tensors ${what.message}.`, first.offset, {
      excerpt,
      details: { tensors: hits.length },
    }),
  ];
}

function numberless(tensors: readonly TensorFigures[]): WeightFinding[] {
  // Infinity alone is what masks are filled with.
  const none = ({ nan, infinite, count }: TensorFigures) => nan > 0 && nan + infinite === count;
  const some = tensors.filter((tensor) => !none(tensor));
  return [
    ...counted(tensors.filter(none), tensors.length, {
      severity: 'low',
      message: 'hold nothing but NaN or infinity',
    }),
    ...counted(
      some.filter(({ nan }) => nan > 0),
      tensors.length,
      { severity: 'info', message: 'hold NaN' },
    ),
    ...counted(
      some.filter(({ nan, infinite }) => nan === 0 && infinite > 0),
      tensors.length,
      { severity: 'info', message: 'hold infinity' },
    ),
  ];
}

export const PART_TEXT: Readonly<Record<OddPart['kind'], string>> = Object.freeze({
  'structured-in-random': 'have a structure where the rest of the tensor looks random',
  'random-in-structured': 'look random where those of the rest of the tensor do not',
  'flat-mantissa': 'lack the slope that the rest of the tensor has, as if replaced',
  'random-bytes': 'look like random bytes, as no weights do',
});

/** One note a tensor: the same part shows in several planes. */
function parts(tensor: TensorFigures): WeightFinding[] {
  const [first] = tensor.bits?.parts ?? [];
  if (first === undefined) return [];
  const { kind, where, from, to, value, usual } = first;
  const others = (tensor.bits?.parts.length ?? 1) - 1;
  return [
    plain(
      'info',
      `Numbers ${from} to ${Math.min(to, tensor.count)} of tensor "${cut(tensor.name, 80)}": ${where} ${PART_TEXT[kind]} (${value.toFixed(1)}, usual ${usual.toFixed(1)}${others > 0 ? `; ${others} more such parts or planes` : ''}). Rows that training never touched look so too.`,
      tensor.offset,
      { details: { tensor: cut(tensor.name), kind, from, to, value, usual, baseRate: BASE_RATES.part } },
    ),
  ];
}

function replaced(tensors: readonly TensorFigures[]): WeightFinding[] {
  return tensors
    .flatMap((tensor) => {
      const seen = tensor.bits?.replaced ?? null;
      if (seen === null || seen.share === 0) return [];
      return [
        plain(
          'info',
          `The histogram of tensor "${cut(tensor.name, 80)}" is flat in its lowest ${seen.bits} bits, as if about ${Math.round(seen.share * 100)}% of its numbers had them replaced (z ${seen.z.toFixed(0)}).`,
          tensor.offset,
          {
            details: {
              tensor: cut(tensor.name),
              bits: seen.bits,
              share: seen.share,
              z: seen.z,
              threshold: 8,
              baseRate: BASE_RATES.replaced,
            },
          },
        ),
      ];
    })
    .slice(0, MOST_EACH);
}

export const FIGURE_TEXT: Readonly<Record<Outlier['figure'], string>> = Object.freeze({
  rms: 'a root mean square',
  kurtosis: 'an excess kurtosis',
  zeroShare: 'a share of zeros',
  meanOverStd: 'a mean over its spread',
  maxOverRms: 'a largest number over its root mean square',
});

function outlierNote(outlier: Outlier, tensors: readonly TensorFigures[]): WeightFinding {
  const { tensor, file, family, members, figure, value, median, z, threshold } = outlier;
  const offset = tensors.find((other) => other.name === tensor && other.file === file)?.offset ?? 0;
  return plain(
    'info',
    `Tensor "${cut(tensor, 80)}" has ${FIGURE_TEXT[figure]} of ${value.toPrecision(4)} where the median of the ${members} tensors ${cut(family, 80)} is ${median.toPrecision(4)} (robust z ${z.toFixed(1)}, threshold ${threshold}).`,
    offset,
    {
      details: {
        tensor: cut(tensor),
        figure,
        value,
        median,
        z,
        threshold,
        members,
        baseRate: BASE_RATES.outlier,
      },
    },
  );
}

/** All-zero tensors of a size at which nothing begins as zeros. */
export const LEAST_ZEROS = 4096;

function zeros({ tensors }: WeightReport): WeightFinding[] {
  return counted(
    tensors.filter(({ zeros, count, dtype }) => count >= LEAST_ZEROS && zeros === count && isFloat(dtype)),
    tensors.length,
    { severity: 'info', message: 'hold nothing but zeros' },
  );
}

function constants(report: WeightReport): WeightFinding[] {
  return report.constants
    .slice(0, MOST_EACH)
    .map(({ tensor, family, value }) =>
      plain(
        'info',
        `Tensor "${cut(tensor, 80)}" holds nothing but ${value}, unlike most tensors ${cut(family, 80)}.`,
        report.tensors.find(({ name }) => name === tensor)?.offset ?? 0,
        { details: { tensor: cut(tensor), value } },
      ),
    );
}

function duplicates({ duplicates: groups, tensors }: WeightReport): WeightFinding[] {
  const names = new Set(groups.flatMap(({ tensors: [, ...others] }) => others));
  return counted(
    tensors.filter(({ name }) => names.has(name)),
    tensors.length,
    { severity: 'info', message: 'hold the numbers of another one (tied weights do)' },
  );
}
