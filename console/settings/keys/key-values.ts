import { ApiKeyInput, type KeyScope, type Limits } from '@bartizan/contracts';

export interface KeyValues {
  name: string;
  /** Call endpoints through the gateway. */
  invoke: boolean;
  every: boolean;
  endpoints: string[];
  permissions: KeyScope[];
  limits: Limits;
  /** Days from now, as a string of the select; empty for never. */
  days: string;
  /** Null makes it one's own. */
  serviceAccountId: string | null;
}

/** What a key is usually for, as links and the form name it. */
export type KeyPreset = 'endpoints' | 'models' | 'everything';

export const KEY_PRESETS: readonly { readonly value: KeyPreset; readonly label: string }[] = [
  { value: 'endpoints', label: 'Call endpoints' },
  { value: 'models', label: 'MLflow client and model pushes' },
  { value: 'everything', label: 'Everything that I may' },
];

const MODEL_SCOPES: readonly KeyScope[] = ['models.read', 'models.write', 'models.download'];

/** What a preset ticks. `grantable`: what its maker may give. */
export function presetValues(
  preset: KeyPreset,
  grantable: readonly KeyScope[],
): Pick<KeyValues, 'invoke' | 'every' | 'permissions'> {
  if (preset === 'endpoints') return { invoke: true, every: false, permissions: [] };
  if (preset === 'everything') return { invoke: true, every: true, permissions: [...grantable] };
  const permissions = MODEL_SCOPES.filter((scope) => grantable.includes(scope));
  return { invoke: false, every: false, permissions };
}

/** The preset that a link names, or calling endpoints. */
export const knownPreset = (named: string | undefined): KeyPreset =>
  KEY_PRESETS.find(({ value }) => value === named)?.value ?? 'endpoints';

const DAY_MS = 86_400_000;

export const EXPIRIES = [
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
];

/** When something made now ends, in ms since the epoch; null for never. `days` is a value of {@link EXPIRIES}. */
export const expiryOf = (days: string, now: number): number | null =>
  days === '' ? null : now + Number(days) * DAY_MS;

export function toKeyInput(values: KeyValues, now: number) {
  return {
    name: values.name.trim(),
    scopes: [...(values.invoke ? (['gateway.invoke'] as const) : []), ...values.permissions],
    endpoints: values.invoke ? (values.every ? ('*' as const) : values.endpoints) : [],
    limits: values.limits,
    expiresAt: expiryOf(values.days, now),
    ...(values.serviceAccountId === null ? {} : { serviceAccountId: values.serviceAccountId }),
  };
}

/** Errors by field of the form; the server's schema has the last word. */
export function validateKey(values: KeyValues): Record<string, string> {
  const errors: Record<string, string> = {};
  if (!values.invoke && values.permissions.length === 0) errors.permissions = 'let it do at least one thing';
  if (values.invoke && !values.every && values.endpoints.length === 0)
    errors.endpoints = 'choose at least one endpoint';
  const judged = ApiKeyInput.safeParse(toKeyInput(values, 0));
  if (!judged.success) {
    for (const issue of judged.error.issues) {
      if (issue.path[0] === 'name') errors.name ??= 'give it a name of at most 100 characters';
    }
  }
  return errors;
}
