import { describe, expect, it } from 'vitest';
import { createSteps } from './steps.ts';

function terminal(isTTY: boolean) {
  let text = '';
  return {
    isTTY,
    columns: 40,
    write: (more: string) => {
      text += more;
    },
    text: () => text,
  };
}

describe('what a backup shows of itself', () => {
  it('is one line that changes on a terminal, no wider than that, and ended once', () => {
    const to = terminal(true);
    const steps = createSteps(to);
    steps.show('people: 3 rows');
    steps.show(`keys: ${'9'.repeat(80)} rows`);
    steps.done();
    steps.done();
    expect(to.text().split('\n')).toHaveLength(2);
    const shown = to.text().trimEnd().split('\r\u001b[K').slice(1);
    expect(shown).toHaveLength(2);
    for (const line of shown) expect(line.length).toBeLessThan(40);
  });

  it('is a few lines elsewhere: what is not about a table, the first, one in ten seconds, and the last', () => {
    const to = terminal(false);
    let now = 0;
    const steps = createSteps(to, () => now);
    steps.show('Checking the backup');
    for (let table = 0; table < 50; table += 1) {
      now += 500;
      steps.show(`t${table}: 1 rows, 0.1 MB so far`);
    }
    steps.done();
    expect(to.text().trimEnd().split('\n')).toEqual([
      'Checking the backup',
      't0: 1 rows, 0.1 MB so far',
      't20: 1 rows, 0.1 MB so far',
      't40: 1 rows, 0.1 MB so far',
      't49: 1 rows, 0.1 MB so far',
    ]);
  });

  it('is nothing when there was nothing', () => {
    for (const kind of [true, false]) {
      const to = terminal(kind);
      createSteps(to).done();
      expect(to.text()).toBe('');
    }
  });
});
