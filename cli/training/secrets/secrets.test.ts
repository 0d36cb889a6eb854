import { describe, expect, it } from 'vitest';
import { maskedCommand } from './command.ts';
import { isSecretName, MASK } from './names.ts';
import { maskedPatch } from './patch.ts';
import { masked } from './text.ts';

// Put together here, so that no scanner takes this file for a leak.
const GITHUB = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
const AWS = `AKIA${'QZ3RT7WX2YPLM4KJ'}`;
const PEM = ['RSA ', 'PRIVATE KEY'].join('');
const KEY_LINES = Array.from({ length: 6 }, (_, at) =>
  Buffer.from(`line ${at} of a made-up key, 48 bytes long!!`).toString('base64'),
);

describe('names of secrets', () => {
  it.each([
    '--api-key',
    'HF_TOKEN',
    'dbPassword',
    '--secret',
    'AWS_SECRET_ACCESS_KEY',
    'client.secret',
    'PGPASSWORD',
  ])('%s is one', (name) => expect(isSecretName(name)).toBe(true));
  it.each([
    '--max-tokens',
    '--tokenizer',
    '--eos-token',
    '--key',
    '--token-file',
    '--batch',
    '--author',
    '--passes',
    'monkey',
  ])('%s is none', (name) => expect(isSecretName(name)).toBe(false));
});

describe('a command', () => {
  const keep = (...args: string[]): string[] =>
    maskedCommand(['python', 'train.py', ...args]).command.slice(2);

  it('loses what is named like a secret, however it is written', () => {
    expect(keep('--api-key=hunter2')).toEqual([`--api-key=${MASK}`]);
    expect(keep('--password', 'hunter2', '--epochs', '3')).toEqual(['--password', MASK, '--epochs', '3']);
    expect(keep('DB_PASSWORD=hunter2')).toEqual([`DB_PASSWORD=${MASK}`]);
    const shell = maskedCommand(['sh', '-c', 'HF_TOKEN=hunter2 python t.py --api-key hunter3 --n 4']);
    expect(shell.command[2]).toBe(`HF_TOKEN=${MASK} python t.py --api-key ${MASK} --n 4`);
    expect(shell.what).toEqual(['the value of HF_TOKEN', 'the value of --api-key']);
  });

  it('loses what looks like a secret, whatever it is named', () => {
    expect(keep('--x', GITHUB)).toEqual(['--x', MASK]);
    expect(keep('--db', 'postgres://app:h4rd-t0-gu3ss@db:5432/app')).toEqual([
      '--db',
      `postgres://app:${MASK}@db:5432/app`,
    ]);
    expect(keep('https://lake/x.csv?sig=abcdef&part=3')).toEqual([`https://lake/x.csv?sig=${MASK}&part=3`]);
    expect(keep('--header', `Authorization: Bearer ${GITHUB}`).join(' ')).not.toContain(GITHUB);
  });

  it('keeps the rest as it is, references to variables too', () => {
    const args = [
      '--max-tokens=512',
      '--tokenizer',
      'bert',
      '--eos-token=</s>',
      '--api-key',
      '$KEY',
      '--lr=1e-3',
      '--out=a=b',
    ];
    expect(keep(...args)).toEqual(args);
    expect(maskedCommand(['python', ...args]).what).toEqual([]);
  });
});

describe('a patch', () => {
  const diff = (name: string, ...lines: string[]): string =>
    [
      `diff --git a/${name} b/${name}`,
      'index 1..2 100644',
      `--- a/${name}`,
      `+++ b/${name}`,
      '@@ -1,2 +1,3 @@ def f():',
      ...lines,
      '',
    ].join('\n');

  it('without secrets is kept byte by byte', () => {
    const patch =
      diff('train.py', ' epochs = 3', '-lr = 0.1', '+lr = 0.2', '\\ No newline at end of file') +
      diff('b.md', '+# Tokens');
    expect(maskedPatch(patch)).toEqual({ text: patch, what: [] });
  });

  it('loses secrets, and nothing beside them', () => {
    const patch = diff(
      'train.py',
      ' epochs = 3',
      `+client = Client("${GITHUB}")`,
      `-aws = "${AWS}"`,
      '+lr = 0.2',
    );
    const { text, what } = maskedPatch(patch);
    expect(text).toBe(
      patch.replace(GITHUB, MASK).replace(AWS, MASK).replace('index 1..2', 'index 0000000..0000000'),
    );
    expect(what.length).toBeGreaterThan(0);
  });

  it('loses every line of files that hold nothing else', () => {
    for (const name of [
      '.env',
      'deploy/.env.production',
      'conf/secrets.yaml',
      'id_ed25519',
      'tls/server.key',
      'prod.tfvars',
    ]) {
      const { text, what } = maskedPatch(
        diff(name, ' A=1', '-B=hunter2', '+B=hunter3') + diff('a.py', '+x = 1'),
      );
      expect(text, name).not.toContain('hunter');
      expect(text).toContain('+x = 1');
      expect(what).toEqual([`the lines of ${name}`]);
    }
    // Under its new name too.
    const renamed =
      'diff --git a/.env b/settings.txt\nsimilarity index 90%\nrename from .env\nrename to settings.txt\n@@ -1 +1 @@\n-B=hunter2\n+B=hunter3\n';
    expect(maskedPatch(renamed).text).not.toContain('hunter');
  });

  it('loses keys over several lines', () => {
    const patch = diff(
      'a.py',
      `+KEY = """-----BEGIN ${PEM}-----`,
      ...KEY_LINES.map((line) => `+${line}`),
      `+-----END ${PEM}-----"""`,
      '+x = 1',
    );
    const { text } = maskedPatch(patch);
    for (const line of KEY_LINES) expect(text).not.toContain(line);
  });

  it('of a megabyte takes seconds at most', () => {
    const hostile = [
      '+password: ',
      'token=',
      '--api-key ',
      'a='.repeat(50),
      '"\'',
      'https://a?b=c&'.repeat(5),
    ].join('');
    for (const line of [hostile, '+x', '+'.repeat(200), `+${'password=token='.repeat(20)}`]) {
      const count = Math.floor(1_000_000 / (line.length + 1));
      const patch = diff('a.py', Array.from({ length: count }, () => line).join('\n'));
      const before = performance.now();
      maskedPatch(patch);
      expect(performance.now() - before).toBeLessThan(20_000);
    }
  });
});

it('a text over which rules overlap is masked once', () => {
  const { text } = masked(`API_TOKEN=${GITHUB} and ${AWS}`);
  expect(text).toBe(`API_TOKEN=${MASK} and ${MASK}`);
});
