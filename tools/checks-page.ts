import { writeFileSync } from 'node:fs';
import { textChecks } from '@bartizan/checks/catalogue.ts';
import { z } from 'zod';

/** `node tools/checks-page.ts` writes docs/guide/checks.md from the catalogue, so that the page cannot lie. */
export const PAGE = new URL('../docs/guide/checks.md', import.meta.url);

interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: { readonly enum?: readonly unknown[] };
}

export function checksPage(): string {
  const sections = textChecks.map((check) => {
    const schema = z.toJSONSchema(check.config, { io: 'input', unrepresentable: 'any' }) as {
      properties?: Record<string, Property>;
    };
    const settings = Object.entries(schema.properties ?? {}).map(
      ([name, property]) => `| \`${name}\` | ${describe(property)} | ${cell(property.description ?? '')} |`,
    );
    const maps = check.maps.map((map) => `${map.id}:${map.edition} ${map.name}`).join('; ');
    return [
      `## ${check.title}`,
      '',
      `\`${check.id}\` · ${check.directions.join(' and ')} · may ${check.actions.join(', ')} · starts as *${check.defaults.action}* at ${check.defaults.threshold}`,
      '',
      check.description,
      '',
      maps ? `Maps to: ${maps}.` : '',
      '',
      ...(settings.length > 0 ? ['| Setting | Default | Meaning |', '|---|---|---|', ...settings, ''] : []),
    ].join('\n');
  });
  return `# Checks

Written from the catalogue by \`node tools/checks-page.ts\`; a test fails when it is out of date. How rules use
checks stands in [Policies and checks](policies.md).

${sections.join('\n')}`;
}

function describe(property: Property): string {
  const value = property.default;
  if (value === undefined) return '–';
  const text = JSON.stringify(value);
  return text.length > 60
    ? `${Array.isArray(value) ? `${value.length} values` : 'see the form'}`
    : `\`${cell(text)}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

if (import.meta.main) writeFileSync(PAGE, checksPage());
