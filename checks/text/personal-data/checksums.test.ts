import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDate, isFiller, luhn, mod11_10, mod97, verhoeff } from './checksums.ts';
import { isBase58Check, isBech32 } from './crypto-address.ts';
import { ID_RULES } from './national-ids.ts';
import { IBAN_LENGTHS, isIban } from './payments.ts';
import type { IdRule } from './rule.ts';

/** Appends the check digit that makes `body` valid, when there is one. */
function complete(body: string, valid: (text: string) => boolean): string | null {
  for (let digit = 0; digit < 10; digit++) if (valid(body + digit)) return body + digit;
  return null;
}

const body = fc.stringMatching(/^[0-9]{8,18}$/);

/** Every other digit at every place. */
function* changes(text: string): Generator<string> {
  for (let i = 0; i < text.length; i++) {
    if (!/\d/.test(text[i] ?? '')) continue;
    for (let digit = 0; digit < 10; digit++) {
      if (String(digit) !== text[i]) yield text.slice(0, i) + digit + text.slice(i + 1);
    }
  }
}

describe.each([
  ['Luhn', luhn],
  ['MOD 11,10', mod11_10],
  ['Verhoeff', verhoeff],
])('%s', (_name, valid) => {
  it('has one check digit for every number, and catches every changed digit', () => {
    fc.assert(
      fc.property(body, (digits) => {
        const number = complete(digits, valid);
        expect(number).not.toBeNull();
        for (const changed of changes(number ?? '')) expect(valid(changed)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });
});

it('Verhoeff catches swapped neighbours', () => {
  fc.assert(
    fc.property(body, fc.nat(6), (digits, at) => {
      const number = complete(digits, verhoeff) ?? '';
      const swapped = number.slice(0, at) + number[at + 1] + number[at] + number.slice(at + 2);
      if (swapped !== number) expect(verhoeff(swapped)).toBe(false);
    }),
  );
});

describe('IBAN', () => {
  it('is valid with its computed check digits in every country, and with no other digit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(IBAN_LENGTHS)),
        fc.stringMatching(/^[0-9]{30}$/),
        (country, filler) => {
          const account = filler.slice(0, (IBAN_LENGTHS[country] ?? 0) - 4);
          const check = String(98 - mod97(`${account}${country}00`)).padStart(2, '0');
          const iban = country + check + account;
          expect(isIban(iban)).toBe(true);
          expect(isIban(`${iban}0`)).toBe(false);
          for (const changed of changes(iban)) expect(isIban(changed)).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('crypto addresses', () => {
  it.each(['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy'])(
    'base58check %s',
    (address) => {
      expect(isBase58Check(address)).toBe(true);
      for (const changed of changes(address)) expect(isBase58Check(changed)).toBe(false);
    },
  );
  it.each([
    'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
  ])('bech32 %s', (address) => {
    expect(isBech32(address)).toBe(true);
    expect(isBech32(address.toUpperCase())).toBe(true);
    expect(isBech32(`B${address.slice(1)}`)).toBe(false);
    for (const changed of changes(address.slice(4)))
      expect(isBech32(address.slice(0, 4) + changed)).toBe(false);
  });
});

it('knows the calendar', () => {
  expect(isDate(2024, 2, 29)).toBe(true);
  expect(isDate(2023, 2, 29)).toBe(false);
  expect(isDate(1900, 2, 29)).toBe(false);
  expect(isDate(2000, 13, 1)).toBe(false);
  expect(isDate(2000, 4, 31)).toBe(false);
});

it('knows fillers', () => {
  for (const filler of ['11111111', '123456789', '987654321']) expect(isFiller(filler)).toBe(true);
  for (const number of ['112345678', '12345678Z']) expect(isFiller(number)).toBe(false);
});

/** Valid numbers of a rule: random forms, some digits taken from a known number, kept when the rule accepts them. */
function generated(rule: IdRule, wanted: number): string[] {
  let state = 99;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const forms = [...new Set(rule.shapes.map(({ pattern }) => pattern.replace(/[^9A]/g, '')))];
  const numbers = new Set<string>();
  for (let round = 0; round < 200_000 && numbers.size < wanted; round++) {
    const form = forms[round % forms.length] ?? '';
    const known = (rule.yes[below(rule.yes.length)] ?? '')
      .replace(/[^0-9A-Za-z]/g, '')
      .toUpperCase()
      .slice(-form.length);
    const number = Array.from(form, (kind, i) => {
      const model = known[i] ?? '';
      if (known.length === form.length && /\d/.test(model) === (kind === '9') && below(3) > 0) return model;
      return kind === '9' ? String(below(10)) : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[below(26)];
    }).join('');
    if (rule.valid(number)) numbers.add(number);
  }
  return [...numbers];
}

describe('official numbers', () => {
  it('cover at least 50 countries, each rule named once', () => {
    expect(new Set(ID_RULES.map(({ country }) => country)).size).toBeGreaterThanOrEqual(50);
    expect(new Set(ID_RULES.map(({ id }) => id)).size).toBe(ID_RULES.length);
  });

  it.each(ID_RULES.filter(({ checked }) => checked).map((rule) => [rule.id, rule] as const))(
    '%s: a changed digit is caught',
    (_id, rule) => {
      const numbers = generated(rule, 10);
      expect(numbers.length).toBeGreaterThanOrEqual(3);
      let all = 0;
      let caught = 0;
      for (const number of numbers) {
        for (const changed of changes(number)) {
          all++;
          if (!rule.valid(changed)) caught++;
        }
      }
      // Some schemes map two remainders to one digit, or leave a part of the number unchecked.
      expect(caught / all).toBeGreaterThan(0.8);
    },
  );
});
