import { describe, expect, it } from 'vitest';
import { judgePassword } from './password-strength.ts';

describe('judgePassword', () => {
  it('says how many characters are missing', () => {
    expect(judgePassword('elevenchars').words).toBe('1 more character');
    expect(judgePassword('').words).toBe('12 more characters');
  });

  it('is not impressed by repetition, runs and well-known words', () => {
    for (const weak of ['aaaaaaaaaaaaaaaa', '123456789012', 'abcdefghijklmnop', 'passwordpassword']) {
      expect(judgePassword(weak).words, weak).toBe('Easy to guess');
    }
  });

  it('calls several unrelated words strong', () => {
    expect(judgePassword('gravel tulip monday oxide').words).toBe('Strong');
  });
});
