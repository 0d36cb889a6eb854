import { z } from 'zod';
import type { AnyTextCheck } from '../text/types.ts';
import type { PolicyLike, Rule } from './types.ts';

/** What is wrong in a policy document: where (dotted path), and what to do about it. */
export interface PolicyIssue {
  readonly path: string;
  readonly message: string;
}

const MAX_LISTED = 40;

function listed(names: readonly string[]): string {
  return names.length > MAX_LISTED ? `${names.slice(0, MAX_LISTED).join(', ')}, …` : names.join(', ');
}

function configIssues(rule: Rule, check: AnyTextCheck): PolicyIssue[] {
  const issues: PolicyIssue[] = [];
  const parsed = check.config.safeParse(rule.config);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      issues.push({
        path: ['config', ...issue.path.map(String)].join('.'),
        message: `${issue.message}; correct this setting of ${check.id}`,
      });
    }
  }
  if (check.config instanceof z.ZodObject) {
    const known = Object.keys(check.config.shape);
    for (const name of Object.keys(rule.config)) {
      if (known.includes(name)) continue;
      issues.push({
        path: `config.${name}`,
        message: `${check.id} has no setting called "${name}"; remove it or use one of: ${listed(known)}`,
      });
    }
  }
  return issues;
}

/** Why a rule cannot run at all, or null. Says what to do; never quotes configured values. */
export function ruleProblem(rule: Rule, check: AnyTextCheck | null): string | null {
  if (check === null) return `there is no check called "${rule.check}"; change or disable rule "${rule.id}"`;
  if (check.config.safeParse(rule.config).success) return null;
  return `the settings of rule "${rule.id}" do not fit ${check.id}; correct them or disable the rule`;
}

/**
 * All that is wrong with a document: unknown checks, settings that do not fit the check's schema or that it does
 * not have, actions and directions that the check does not support, rule ids used twice. Empty when it is fine.
 */
export function validatePolicy(document: PolicyLike, checks: readonly AnyTextCheck[]): PolicyIssue[] {
  const catalogue = new Map(checks.map((check) => [check.id, check]));
  const seen = new Set<string>();
  const issues: PolicyIssue[] = [];
  for (const [index, rule] of document.rules.entries()) {
    const add = (path: string, message: string) => issues.push({ path: `rules.${index}.${path}`, message });
    if (seen.has(rule.id)) add('id', `two rules are called "${rule.id}"; give each its own id`);
    seen.add(rule.id);
    const check = catalogue.get(rule.check);
    if (check === undefined) {
      const known = listed([...catalogue.keys()].sort());
      add('check', `there is no check called "${rule.check}"; use one of: ${known}`);
      continue;
    }
    for (const issue of configIssues(rule, check)) add(issue.path, issue.message);
    if (rule.action !== 'allow' && !check.actions.includes(rule.action)) {
      add('action', `${check.id} cannot ${rule.action}; use one of: ${listed(check.actions)}`);
    }
    for (const direction of rule.directions) {
      if (check.directions.includes(direction)) continue;
      add('directions', `${check.id} does not look at ${direction}; use one of: ${listed(check.directions)}`);
    }
  }
  return issues;
}
