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
      errors[path] ??= issue.message;
    }
    return errors;
  };
}

/** The field errors in an answer of the server, by path, or none. `body.` prefixes are dropped. */
export function fieldErrors(failure: unknown): FormErrors {
  if (!(failure instanceof ApiFailure)) return {};
  return Object.fromEntries(
    (failure.body.issues ?? []).map((issue) => [issue.path.replace(/^body\./, ''), issue.message]),
  );
}
