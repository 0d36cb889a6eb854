import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { ApiFailure } from '@bartizan/contracts/client.ts';
import { Command, CommanderError } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { abbreviated } from './commands/key-named.ts';
import { welcome } from './commands/up.ts';
import { words } from './completion.ts';
import { CliError, EXIT, explain } from './exit.ts';
import { createProgram } from './main.ts';
import { duration, instant, wholeNumber } from './options.ts';
import { printable, printableLines, table } from './output.ts';
import { runProgram } from './run.ts';

describe('options', () => {
  it('read times and numbers, and refuse nonsense with a word of help', () => {
    expect(duration('30d')).toBe(30 * 86_400_000);
    expect(() => duration('soon')).toThrow(/30d/);
    expect(wholeNumber(1, 5)('3')).toBe(3);
    expect(() => wholeNumber(1, 5)('6')).toThrow(/1 to 5/);
    expect(() => wholeNumber(1, 5)('1.5')).toThrow();
    expect(instant('2026-05-01T00:00:00Z')).toBe(Date.UTC(2026, 4, 1));
    expect(() => instant('yesterday')).toThrow();
  });
});

describe('exit codes', () => {
  const failure = (status: number) => new ApiFailure(status, { code: 'x', message: 'no', requestId: 'r1' });
  it('tell wrong use, no server and no permission apart', () => {
    expect(explain(failure(0)).exitCode).toBe(EXIT.unavailable);
    expect(explain(failure(401))).toMatchObject({
      exitCode: EXIT.denied,
      message: expect.stringContaining('bartizan login'),
    });
    expect(explain(failure(403)).exitCode).toBe(EXIT.denied);
    expect(explain(failure(400)).exitCode).toBe(EXIT.usage);
    expect(explain(failure(500))).toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringContaining('r1'),
    });
    expect(explain(new CliError('wrong', EXIT.usage)).exitCode).toBe(EXIT.usage);
    expect(explain('text').message).toBe('text');
  });
});

describe('output', () => {
  it('never lets foreign text drive the terminal', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed')).toBe('ab c d');
    expect(table(['x'], [['\u001b]0;title\u0007ok']])).not.toContain('\u0007');
    expect(table(['x'], [])).toBe('(none)');
  });
});

describe('what went wrong', () => {
  it('is said line by line, and never drives the terminal', async () => {
    expect(printableLines('a\u001b]0;x\u0007\nb\u202ec')).toBe('a\nb c');
    const written: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      const failing = new Command().action(() => {
        throw new CliError('no column \u001b]0;PWN\u0007zip\u202e\nLook again.', EXIT.usage);
      });
      await runProgram(failing, ['node', 'bartizan']);
    } finally {
      write.mockRestore();
      process.exitCode = undefined;
    }
    expect(written.join('')).toBe('bartizan: no column zip \nLook again.\n');
  });
});

describe('lists of names', () => {
  it('are cut in a table when they are long', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(abbreviated([])).toBe('');
    expect(abbreviated(names.slice(0, 4))).toBe('a b c d');
    expect(abbreviated(names)).toBe('a b c and 2 more');
  });
});

describe('what a start prints for people', () => {
  const said = (base: string) =>
    stripVTControlCharacters(
      welcome({
        consoleUrl: base,
        gatewayUrl: 'http://127.0.0.1:7601',
        setupUrl: `${base}/setup?token=a`,
        demoKey: 'bz_x',
      }),
    );
  it('names this machine where it listens on itself, for passkeys need a name', () => {
    for (const base of ['http://127.0.0.1:7600', 'http://[::1]:7600']) {
      expect(said(base)).toContain('Console   http://localhost:7600\n');
      expect(said(base)).toContain('http://localhost:7600/setup?token=a');
      expect(said(base)).toContain('curl -s http://127.0.0.1:7601/v1');
    }
  });
  it('leaves every other address as it is', () => {
    for (const base of [
      'https://bartizan.example',
      'http://127.0.0.1.example:7600',
      'http://192.0.2.1:7600',
    ]) {
      expect(said(base)).toContain(`Console   ${base}\n`);
    }
  });
});

describe('the commands', () => {
  it('know completions for every command that there is', () => {
    const all = words(createProgram());
    expect(all.get('')).toEqual(
      expect.arrayContaining([
        'up',
        'login',
        'endpoint',
        'policy',
        'key',
        'interactions',
        'scan',
        'completion',
      ]),
    );
    expect(all.get('key create')).toContain('--endpoint');
    expect(all.get('scan')).toEqual(expect.arrayContaining(['text', 'file']));
  });

  it('complete in bash, also behind names and the values of options', async () => {
    let script = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      script += String(chunk);
      return true;
    });
    await createProgram()
      .parseAsync(['node', 'bartizan', 'completion', 'bash'])
      .finally(() => write.mockRestore());
    const after = (...typed: string[]) => {
      const words = ['bartizan', ...typed].map((word) => `'${word}'`).join(' ');
      const ask = `COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _bartizan; echo "\${COMPREPLY[*]}"`;
      return spawnSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' }).stdout.trim();
    };
    expect(after('end')).toBe('endpoint');
    expect(after('endpoint', 's')).toBe('show serves');
    expect(after('endpoint', 'sh')).toBe('show');
    expect(after('endpoint', 'show', 'demo', '--')).toContain('--json');
    expect(after('key', 'create', 'app', '--expires', '30d', '--end')).toBe('--endpoint');
    expect(after('endpoint', 'conquer', '')).not.toContain('--json');
  });

  it('refuse what they do not know as wrong use', async () => {
    await expect(
      createProgram()
        .configureOutput({ writeErr: () => {} })
        .parseAsync(['node', 'bartizan', 'conquer']),
    ).rejects.toThrow(CommanderError);
  });
});
