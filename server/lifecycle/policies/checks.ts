import type { AnyTextCheck } from '@bartizan/checks/text/types.ts';
import type { CheckSummary } from '@bartizan/contracts';
import { z } from 'zod';

function summarise(check: AnyTextCheck): CheckSummary {
  return {
    id: check.id,
    title: check.title,
    description: check.description,
    subject: check.subject,
    maps: check.maps.map((map) => ({ ...map })),
    configSchema: z.toJSONSchema(check.config, { io: 'input', unrepresentable: 'any' }),
    defaults: {
      directions: [...check.defaults.directions],
      authors: [...check.defaults.authors],
      action: check.defaults.action,
      threshold: check.defaults.threshold,
      coaching: check.defaults.coaching,
      config: defaultConfig(check),
    },
    actions: [...check.actions],
    directions: [...check.directions],
    worksUnconfigured: check.samples.some(({ found, config }) => found && config === undefined),
    samples: check.samples.map(({ title, input, found }) => ({
      title,
      text: input.segments.map((segment) => segment.text).join('\n'),
      found,
    })),
  };
}

/** The settings a new rule starts with; empty where the schema has required ones. */
function defaultConfig(check: AnyTextCheck): Record<string, unknown> {
  const parsed = check.config.safeParse({});
  return parsed.success && typeof parsed.data === 'object' && parsed.data !== null ? { ...parsed.data } : {};
}

/** The catalogue as the console draws it; made once, for checks never change while the server runs. */
export function summariseChecks(checks: readonly AnyTextCheck[]): () => CheckSummary[] {
  let made: CheckSummary[] | null = null;
  return () => {
    made ??= checks.map(summarise);
    return made;
  };
}
