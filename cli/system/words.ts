import type { ImportResult, RiskTrial, SystemDetail } from '@bartizan/contracts';
import { printable } from '../output.ts';

/** A question as it is printed. */
interface Asked {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly many: boolean;
  readonly options: readonly { readonly value: string; readonly label: string; readonly reference: string }[];
}
export const questionText = ({ id, title, help, many, options }: Asked): string =>
  [
    `${id}: ${title}${many ? ' (several)' : ''}`,
    `  ${help}`,
    ...options.map(
      ({ value, label, reference }) =>
        `    ${value.padEnd(24)} ${label}${reference === '' ? '' : ` (${reference})`}`,
    ),
  ].join('\n');

export function resultText(result: RiskTrial): string {
  const { act } = result;
  return [
    `tier         ${result.tier}`,
    `impact       ${result.impact.score}   ${result.impact.arithmetic}`,
    `exposure     ${result.exposure.score}   ${result.exposure.arithmetic}`,
    ...result.steps.map((step) => `             ${step}`),
    act.suggested === null
      ? `EU AI Act    not known yet: ${act.missing.length} ${act.missing.length === 1 ? 'question' : 'questions'} open`
      : `EU AI Act    ${act.suggested}${act.also.length > 0 ? `, also ${act.also.join(', ')}` : ''} (suggested; no legal advice)`,
    ...act.reasons.map(
      ({ text, reference }) => `             ${text}${reference === '' ? '' : ` [${reference}]`}`,
    ),
    ...act.duties.map(
      ({ article, title, role, appliesFrom }) =>
        `duty         Art. ${article} ${title} (${role}, from ${appliesFrom})`,
    ),
    ...act.open.map((point) => `open         ${point}`),
    ...(result.missing.length > 0 ? [`missing      ${result.missing.join(', ')}`] : []),
  ].join('\n');
}

/** A system for people; what nobody said is left out. */
export function systemText(system: SystemDetail): string {
  const { risk } = system;
  const names = (links: readonly { readonly name: string }[]) => links.map(({ name }) => name).join(', ');
  const facts: readonly (readonly [string, string])[] = [
    ['state', system.state],
    ['purpose', system.purpose],
    ['owner', system.owner?.name ?? 'nobody'],
    ['backup', system.backupOwner?.name ?? ''],
    ['team', system.team?.name ?? ''],
    ['vendor', system.origin.vendor],
    ['risk tier', risk?.tier ?? 'not assessed'],
    ['EU AI Act', risk?.actClass ?? 'not assessed'],
    ['set by hand', risk?.override ? `${risk.override.reason} (${risk.override.by})` : ''],
    ['models', names(system.models)],
    ['other models', system.vendorModels.join(', ')],
    ['endpoints', names(system.endpoints)],
    ['tags', system.tags.join(', ')],
    ['next review', system.nextReviewOn ?? ''],
    ...system.attention.map(({ reason, next }) => ['attention', `${reason} ${next}`] as const),
    ['id', system.id],
  ];
  return [
    `${system.name} (${system.key})`,
    ...facts.flatMap(([name, value]) => (value === '' ? [] : [`${name.padEnd(14)}${value}`])),
  ]
    .map(printable)
    .join('\n');
}

export function importText(result: ImportResult): string {
  const lines = result.rows.flatMap((row) => [
    ...row.errors.map(
      ({ column, message, todo }) =>
        `line ${row.line}${column === '' ? '' : `, ${column}`}: ${printable(message)}. ${todo}`,
    ),
    ...row.warnings.map(({ column, message }) => `line ${row.line}, ${column}: note: ${printable(message)}`),
  ]);
  const counts = `${result.created} to add, ${result.updated} to change, ${result.unchanged} as they are, ${result.failed} with errors`;
  const end = result.done ? 'Taken over.' : 'Nothing was changed.';
  const ignored =
    result.ignoredColumns.length > 0
      ? [`columns left out: ${result.ignoredColumns.map(printable).join(', ')}`]
      : [];
  return [...lines, ...ignored, `${counts}. ${end}`].join('\n');
}
