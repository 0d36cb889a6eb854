import { type Lineage, type LineageNode, registryRoutes, type VersionComparison } from '@bartizan/contracts';
import type { Command } from 'commander';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { named } from './named.ts';
import { inherited } from './words.ts';

export function addLineage(model: Command): void {
  model
    .command('lineage <model>')
    .description('what a version comes from and what comes of it; MODEL is its latest version')
    .option('--depth <steps>', 'steps in each direction', wholeNumber(1, 100), 20)
    .option('--limit <count>', 'at most so many things', wholeNumber(1, 1_000), 200)
    .option('--json', 'print JSON')
    .action(async (text: string, flags: { depth: number; limit: number; json?: boolean }) => {
      const { explicit: _, ...params } = named(text);
      const found = await client().call(registryRoutes.lineage, {
        params,
        query: { depth: flags.depth, limit: flags.limit },
      });
      createOutput(flags.json ?? false).result(found, tree);
    });
}

const UP: Readonly<Record<Lineage['edges'][number]['relation'], string>> = {
  'based-on': 'based on',
  'made-by': 'made by',
  used: 'used',
  'same-content': 'same content as',
  serves: 'serves',
  uses: 'uses',
};
const MAX_LINES = 1_000;

function nodeText(node: LineageNode): string {
  const name = node.hidden ? 'a version that you cannot see' : printable(node.label);
  const notes = [
    node.removed ? 'removed' : [],
    node.verdict ?? (node.kind === 'model-version' && node.status === 'ready' ? 'not scanned' : []),
    node.quarantined ? 'in quarantine' : [],
  ].flat();
  const kind = node.kind === 'model-version' ? '' : `${node.kind.replace('-', ' ')} `;
  return notes.length === 0 ? `${kind}${name}` : `${kind}${name} (${notes.join(', ')})`;
}

/** Both directions as indented lists; what was shown before is not unfolded again. */
function tree(found: Lineage): string {
  const nodes = new Map(found.nodes.map((node) => [node.id, node]));
  const lines: string[] = [];
  const walk = (id: string, up: boolean, depth: number, seen: Set<string>): void => {
    for (const edge of found.edges) {
      if ((up ? edge.from : edge.to) !== id || lines.length >= MAX_LINES) continue;
      const next = nodes.get(up ? edge.to : edge.from);
      if (!next) continue;
      const way = up ? UP[edge.relation] : DOWN[edge.relation];
      lines.push(`${'  '.repeat(depth)}${way}: ${nodeText(next)}`);
      if (seen.has(next.id)) continue;
      seen.add(next.id);
      walk(next.id, up, depth + 1, seen);
    }
  };
  const root = nodes.get(found.root);
  lines.push(root ? nodeText(root) : '', 'comes from');
  walk(found.root, true, 1, new Set([found.root]));
  if (lines.at(-1) === 'comes from') lines.push('  nothing that is known');
  lines.push('comes of it');
  walk(found.root, false, 1, new Set([found.root]));
  if (lines.at(-1) === 'comes of it') lines.push('  nothing that is known');
  if (found.hidden > 0) lines.push(`  and ${found.hidden} that you cannot see`);
  if (found.inherited.length > 0) {
    lines.push(
      'inherits what was found in',
      ...found.inherited.map((bad) => `  ${printable(inherited(bad))}`),
    );
  }
  if (found.truncated) lines.push('Not all of it is shown: raise --depth or --limit.');
  return lines.join('\n');
}

const DOWN: Readonly<Record<Lineage['edges'][number]['relation'], string>> = {
  'based-on': 'base of',
  'made-by': 'made',
  used: 'used by',
  'same-content': 'same content as',
  serves: 'served by',
  uses: 'used by',
};

export function addCompare(model: Command): void {
  model
    .command('compare <from> <to>')
    .description('two versions side by side: MODEL@1 MODEL@2; MODEL is its latest version')
    .option('--json', 'print JSON')
    .action(async (first: string, second: string, flags: { json?: boolean }) => {
      const from = named(first);
      const to = named(second);
      const found = await client().call(registryRoutes.compare, {
        params: { model: from.model },
        query: { from: from.version, to: to.version, toModel: to.model },
      });
      createOutput(flags.json ?? false).result(found, compared);
    });
}

function compared(found: VersionComparison): string {
  const { files, findings } = found;
  const side = ({ modelName, version, verdict }: VersionComparison['from']) =>
    `${modelName}@${version} (${verdict ?? 'not scanned'})`;
  const or = (value: unknown): string => (value === null ? '–' : String(value));
  return [
    `${side(found.from)} → ${side(found.to)}`,
    found.sameContent
      ? 'The files are the same.'
      : `files: ${files.counts.added} added, ${files.counts.removed} removed, ${files.counts.changed} changed, ${files.same} the same`,
    ...files.added.map(({ path }) => `  + ${path}`),
    ...files.removed.map(({ path }) => `  - ${path}`),
    ...files.changed.map(({ path, from, to }) => `  ~ ${path} (${from.size} → ${to.size} bytes)`),
    ...(found.metrics.length > 0 ? ['metrics'] : []),
    ...found.metrics.map(({ key, from, to }) => `  ${key}: ${or(from)} → ${or(to)}`),
    ...(found.tags.length > 0 ? ['tags'] : []),
    ...found.tags.map(({ key, from, to }) => `  ${key}: ${or(from)} → ${or(to)}`),
    findings === null
      ? 'findings: one of them has no finished scan'
      : `findings: ${findings.counts.added} new, ${findings.counts.removed} gone, ${findings.same} the same`,
    ...(findings?.added ?? []).map((one) => `  + ${one.severity} ${one.check} ${one.path}: ${one.message}`),
    ...(findings?.removed ?? []).map((one) => `  - ${one.severity} ${one.check} ${one.path}: ${one.message}`),
  ]
    .map(printable)
    .join('\n');
}
