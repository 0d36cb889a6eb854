import {
  type ModelDetail,
  registryRoutes,
  type VersionDetail,
  type VersionSummary,
} from '@bartizan/contracts';
import type { Command } from 'commander';
import { createOutput, date, printable, table } from '../../output.ts';
import { client } from '../../session.ts';
import { named } from './named.ts';
import { base, bytes, inherited, severities, verdict } from './words.ts';

export function addShow(model: Command): void {
  model
    .command('show <model>')
    .description('a model and its newest versions, or one version: MODEL@3, MODEL@champion, MODEL@latest')
    .option('--json', 'print JSON')
    .action(async (text: string, flags: { json?: boolean }) => {
      const api = client();
      const output = createOutput(flags.json ?? false);
      const { explicit, ...params } = named(text);
      if (explicit) return output.result(await api.call(registryRoutes.version, { params }), ofVersion);
      const [one, versions] = await Promise.all([
        api.call(registryRoutes.get, { params: { model: params.model } }),
        api.call(registryRoutes.versions, { params: { model: params.model }, query: { limit: 20 } }),
      ]);
      output.result({ ...one, newest: versions.items }, (shown) => ofModel(shown, shown.newest));
    });
}

const line = (label: string, text: string): string[] =>
  text === '' ? [] : [`${label.padEnd(14)}${printable(text)}`];
const tagged = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');

function ofModel(model: ModelDetail, versions: readonly VersionSummary[]): string {
  return [
    ...line('name', model.name),
    ...line('id', model.id),
    ...line('description', model.description),
    ...line('team', model.teamId ?? 'everybody’s'),
    ...line('tags', tagged(model.tags)),
    ...line('aliases', model.aliases.map(({ alias, version }) => `${alias}=${version}`).join(', ')),
    ...line('endpoints', model.endpoints.map(({ name, version }) => `${name} (${version})`).join(', ')),
    ...line('registered', `${date(model.createdAt)} by ${model.createdBy}`),
    '',
    table(
      ['version', 'stage', 'aliases', 'files', 'size', 'verdict', 'signatures', 'added', 'by'],
      versions.map((one) => [
        String(one.version),
        one.status === 'ready' ? one.stage : one.status,
        one.aliases.join(' ') || '–',
        String(one.files.count),
        bytes(one.files.bytes),
        verdict(one),
        one.signatures.state,
        date(one.createdAt),
        one.createdBy,
      ]),
    ),
    ...(model.versions > versions.length ? [`… and ${model.versions - versions.length} older ones`] : []),
  ].join('\n');
}

function ofVersion(one: VersionDetail): string {
  const found = severities(one.scan.severities);
  return [
    ...line('version', `${one.modelName}@${one.version}`),
    ...line('id', one.id),
    ...line(
      'digest',
      one.digest ?? `none: ${one.status}${one.statusMessage ? `, ${one.statusMessage}` : ''}`,
    ),
    ...line('stage', one.stage),
    ...line('aliases', one.aliases.join(', ')),
    ...line('description', one.description),
    ...line('tags', tagged(one.tags)),
    ...line('files', `${one.files.count}, ${bytes(one.files.bytes)}`),
    ...line('formats', one.formats.join(', ')),
    ...line('verdict', found === '' ? verdict(one) : `${verdict(one)}: ${found}`),
    ...line('signatures', [one.signatures.state, ...one.signatures.signers].join(', ')),
    ...line('base', one.base === null ? '' : base(one.base)),
    ...one.inherited.flatMap((bad) => line('inherits', inherited(bad))),
    ...line('run', one.runId ?? ''),
    ...line('source', one.source),
    ...line(
      'datasets',
      one.datasets.map(({ name, context }) => (context ? `${name} (${context})` : name)).join(', '),
    ),
    ...line('metrics', one.metrics.map(({ key, value }) => `${key}=${value}`).join(', ')),
    ...line('added', `${date(one.createdAt)} by ${one.createdBy}`),
  ].join('\n');
}
