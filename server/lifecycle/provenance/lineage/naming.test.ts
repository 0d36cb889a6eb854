import { describe, expect, test } from 'vitest';
import { addressesOf, addressIn, claimsOfName, claimsOfUse, useKey, useOfKey } from './naming.ts';

const named = (namespace: string, name: string, version = '') => claimsOfName({ namespace, name, version });
const byNumber = (number: number, nameKey = 'loans') => [{ nameKey, number, root: null }];

describe('names of OpenLineage', () => {
  test.each([
    ['bartizan', 'loans@3'],
    ['bartizan', 'Loans@3'],
    ['bartizan://', 'datasets/loans/versions/3'],
    ['bartizan', '/datasets/loans/versions/3'],
    ['bartizan://datasets/loans', 'versions/3'],
    ['s3://anywhere', 'bartizan://datasets/loans/versions/3'],
  ])('%s and %s mean the third version', (namespace, name) => {
    expect(named(namespace, name)).toEqual(byNumber(3));
  });

  test('a version facet is a number or enough of a root', () => {
    expect(named('x', 'loans', '3')).toEqual(byNumber(3));
    expect(named('x', 'loans', 'ABCDEF012345')).toEqual([
      { nameKey: 'loans', number: null, root: 'abcdef012345' },
    ]);
    for (const version of ['', '0', '-1', '3.5', 'abcdef01234', 'v3', `${'a'.repeat(65)}`])
      expect(named('x', 'loans', version)).toEqual([]);
  });

  test('what only looks like an address means nothing', () => {
    for (const name of [
      'datasets//versions/3',
      'datasets/loans/versions/0',
      'datasets/loans/versions/x',
      'loans',
      '@3',
    ])
      expect(named('bartizan', name)).toEqual([]);
    // Ten digits are no number of a version, and not its first nine either.
    expect(named('bartizan', 'datasets/loans/versions/1234567890')).toEqual([]);
    expect(named('bartizan', `${'n'.repeat(600)}@1`)).toEqual([]);
  });
});

describe('datasets of MLflow', () => {
  const use = (digest: string, source = 'x', name = 'loans') => ({ name, digest, source });

  test('mean a version by eight digits of its root, or by an address in their source', () => {
    expect(claimsOfUse(use('abcdef01'))).toEqual([{ nameKey: 'loans', number: null, root: 'abcdef01' }]);
    expect(claimsOfUse(use('abcdef0'))).toEqual([]);
    expect(claimsOfUse(use('7', '{"url":"bartizan://datasets/a%20b/versions/12"}'))).toEqual(
      byNumber(12, 'a b'),
    );
  });

  test('addresses are found as they are looked for', () => {
    for (const address of addressesOf('ä-b', 4)) {
      expect(addressIn(`{"uri":"${address}"}`)).toBe(address);
      expect(claimsOfUse(use('7', address))).toEqual(byNumber(4, 'ä-b'));
    }
  });

  test('their keys tell what they were made of, and other texts nothing', () => {
    const one = use('1', 'bartizan://datasets/a/versions/2', 'ü "quoted"');
    expect(useOfKey(useKey(one))).toEqual(one);
    for (const key of [
      'mlflow.',
      'mlflow.e30',
      'mlflow.WzEsMiwzXQ',
      'other',
      `mlflow.${Buffer.from('["a","b\\u0000","c"]').toString('base64url')}`,
    ])
      expect(useOfKey(key)).toBeUndefined();
  });
});
