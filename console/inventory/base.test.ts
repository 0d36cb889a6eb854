import { expect, test } from 'vitest';
import { baseOf } from './base.ts';

test.each([
  ['', null],
  ['  ', null],
  ['foundation@3', { kind: 'version', model: 'foundation', version: '3' }],
  ['Credit scoring@champion', { kind: 'version', model: 'Credit scoring', version: 'champion' }],
  ['hf:meta-llama/Llama-3.1-8B', { kind: 'external', name: 'hf:meta-llama/Llama-3.1-8B' }],
  ['org/model@main', { kind: 'external', name: 'org/model@main' }],
])('%o', (text, base) => {
  expect(baseOf(text)).toEqual(base);
});
