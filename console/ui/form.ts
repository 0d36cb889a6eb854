import { ApiFailure } from '@bartizan/contracts/client.ts';
import type { FormErrors } from '@mantine/form';
import type { z } from 'zod';

/** A validator for `useForm` that judges with the same schema as the server; errors land at their fields. */
export function validateWith(schema: z.ZodType) {
  return (values: unknown): FormErrors => {
    const result = schema.safeParse(values);
    if (result.success) return {};
    const errors: FormErrors = {};
    for (const issue of result.error.issues) {
      const path = issue.path.join('.');
      errors[path] ??= capital(inWords(issue));
    }
    return errors;
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What is wrong with a field as people say it; messages that a schema gives itself are kept. */
function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return Number(issue.minimum) <= 1 ? 'Fill this in' : issue.message;
    if (issue.origin === 'array' || issue.origin === 'set') return `Choose at least ${issue.minimum}`;
    return `At least ${Number(issue.minimum).toLocaleString('en')}`;
  }
  if (issue.code === 'too_big') {
    const most = Number(issue.maximum).toLocaleString('en');
    return issue.origin === 'string' ? `At most ${most} characters` : `At most ${most}`;
  }
  if (issue.code === 'invalid_format' && issue.format === 'email') return 'This is not an e-mail address';
  if (issue.code === 'invalid_union' || (issue.code === 'invalid_format' && issue.format === 'url')) {
    return 'This is not an address that begins with http:// or https://';
  }
  return issue.code === 'invalid_type' ? 'Fill this in' : issue.message;
}

/** The field errors in an answer of the server, by path, or none. `body.` prefixes are dropped. */
export function fieldErrors(failure: unknown): FormErrors {
  if (!(failure instanceof ApiFailure)) return {};
  return Object.fromEntries(
    (failure.body.issues ?? []).map((issue) => [issue.path.replace(/^body\./, ''), capital(issue.message)]),
  );
}
