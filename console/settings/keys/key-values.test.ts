import { ApiKeyInput, NO_LIMITS } from '@bartizan/contracts';
import { describe, expect, it } from 'vitest';
import { type KeyValues, toKeyInput, validateKey } from './key-values.ts';

const values: KeyValues = {
  name: ' app ',
  invoke: true,
  every: false,
  endpoints: ['0192f0c1-7e65-7c2a-9d6e-2f1f6c1b0a01'],
  permissions: [],
  limits: NO_LIMITS,
  days: '30',
  serviceAccountId: null,
};

describe('toKeyInput', () => {
  it('makes what the server accepts', () => {
    const input = toKeyInput(values, 1000);
    expect(ApiKeyInput.safeParse(input).success).toBe(true);
    expect(input).toMatchObject({
      name: 'app',
      scopes: ['gateway.invoke'],
      expiresAt: 1000 + 30 * 86_400_000,
    });
  });

  it('gives a key that calls no endpoint none', () => {
    const input = toKeyInput(
      { ...values, invoke: false, every: true, permissions: ['overview.read'], days: '' },
      0,
    );
    expect(input).toMatchObject({ scopes: ['overview.read'], endpoints: [], expiresAt: null });
  });
});

describe('validateKey', () => {
  it('wants a name, something to do and somewhere to do it', () => {
    expect(validateKey(values)).toEqual({});
    expect(validateKey({ ...values, name: ' ' })).toHaveProperty('name');
    expect(validateKey({ ...values, invoke: false })).toHaveProperty('permissions');
    expect(validateKey({ ...values, endpoints: [] })).toHaveProperty('endpoints');
    expect(validateKey({ ...values, endpoints: [], every: true })).toEqual({});
  });
});
