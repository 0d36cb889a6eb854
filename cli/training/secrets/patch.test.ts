import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../code.ts';
import { isSecretFile } from './files.ts';
import { MASK } from './names.ts';
import { maskedPatch } from './patch.ts';

const S = 'Hunter2plus';

describe('files of secrets', () => {
  it.each([
    '.env',
    'deploy/.env.production',
    'prod.env',
    'prod.env.local',
    '.env.local.bak',
    '.env~',
    'clé.env',
    'my app/.env',
    '.envrc',
    'a/.envrc.local',
    'kubeconfig',
    'prod.kubeconfig',
    'kubeconfig.yaml',
    '.kube/config',
    '.git-credentials',
    '.aws/config',
    'home/.aws/credentials',
    'credentials',
    'gcp-credentials.json',
    'credentials-prod.json',
    '.my.cnf',
    '.pgpass',
    '.netrc',
    '_netrc',
    '.npmrc',
    '.pypirc',
    'secrets.local.json',
    'secrets-prod.yaml',
    'app.secrets.yml',
    'secret.toml',
    'run/secrets/db',
    '.ssh/config',
    'x.p12',
    'tls/server.key',
    'a.pem',
    'b.PFX',
    'id_rsa',
    'id_rsa.old',
    'deploy_id_ed25519',
    'github_rsa',
    'client_secret_1.json',
    'service-account.json',
    'db_password',
    'api-key.txt',
    'hf_token',
    'terraform.tfstate',
    'prod.tfvars.json',
    '.docker/config.json',
    '.htpasswd',
    'kaggle.json',
    'SECRETS.YAML',
  ])('%s is one', (name) => expect(isSecretFile(name)).toBe(true));
  it.each([
    'train.py',
    'tokenizer.json',
    'special_tokens_map.json',
    'checks/text/secrets/index.ts',
    'environment.yml',
    'env.py',
    'keys.py',
    'config.yaml',
    'id_rsa.pub',
    'docs/secrets.md',
    'monkey.txt',
    'passes.csv',
    'package-lock.json',
    'Makefile',
  ])('%s is none', (name) => expect(isSecretFile(name)).toBe(false));
});

describe('the patch of a working tree', () => {
  let folder = '';
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  const write = (files: Readonly<Record<string, string | Buffer>>): void => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  };
  const commit = (files: Readonly<Record<string, string | Buffer>>): void => {
    write(files);
    git('add', '-A', '-f');
    git('commit', '-q', '-m', 'x');
  };
  const patchOf = async (cwd = folder): Promise<string> => (await codeOf(cwd))?.patch ?? '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bartizan-patch-'));
    git('init', '-q');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const NAMES = [
    '.env',
    'clé.env',
    'a "b".env',
    'my keys/id_rsa',
    'x b/.env',
    'tab\t.env',
    'new\nline.env',
    '.aws/config',
  ];

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['no settings', []],
    ['diff.mnemonicPrefix', [['diff.mnemonicPrefix', 'true']]],
    ['diff.noprefix', [['diff.noprefix', 'true']]],
    ['core.quotePath off', [['core.quotePath', 'false']]],
    [
      'colours',
      [
        ['color.ui', 'always'],
        ['color.diff', 'always'],
      ],
    ],
    ['renames', [['diff.renames', 'copies']]],
    ['relative', [['diff.relative', 'true']]],
    [
      'a program of their own',
      [
        ['diff.external', 'echo'],
        ['diff.x.textconv', 'cat'],
        ['diff.x.command', 'echo'],
      ],
    ],
    [
      'other settings',
      [
        ['diff.suppressBlankEmpty', 'true'],
        ['diff.submodule', 'diff'],
        ['diff.context', '0'],
      ],
    ],
  ])('holds no line of files of secrets with %s', async (_, settings) => {
    commit({ ...Object.fromEntries(NAMES.map((name) => [name, 'LOG=debug\nA=1\n'])), 'src/a.py': 'x = 1\n' });
    for (const [name, value] of settings) git('config', name, value);
    write({
      '.gitattributes': '*.py diff=x\n',
      ...Object.fromEntries(NAMES.map((name) => [name, `LOG=${S}\nA=1\n`])),
      'src/a.py': 'x = 2\n',
    });
    const code = await codeOf(join(folder, 'src'));
    expect(code?.patch).not.toContain(S);
    expect(code?.patch).not.toContain('LOG');
    expect(code?.patch).toContain('+x = 2\n');
    expect(code?.masked.length).toBe(NAMES.length);
    expect(code?.facts.patchSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names no content by which a secret could be guessed', async () => {
    commit({ '.env': 'A=1\n', 'a.py': 'password = "x"\n', 'b.py': 'y = 1\n' });
    write({ '.env': `A=${S}\n`, 'a.py': `password = "${S}"\n`, 'b.py': 'y = 2\n' });
    const patch = await patchOf();
    for (const name of ['.env', 'a.py']) expect(patch).not.toContain(git('hash-object', name).slice(0, 7));
    expect(patch).toContain(git('hash-object', 'b.py').slice(0, 7));
  });

  it('holds no secret of a file that attributes or an encoding call binary, and keeps other binary files', async () => {
    const bytes = (seed: number): Buffer =>
      Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * at * seed) % 251));
    commit({ 'a.ini': 'x', 'b.py': 'x', 'c.bin': bytes(3) });
    write({
      '.gitattributes': '*.ini binary\n',
      'a.ini': `[db]\npassword = "${S}"\n`,
      'b.py': Buffer.from(`password = "${S}"\n`, 'utf16le'),
      'c.bin': bytes(7),
    });
    const code = await codeOf(folder);
    expect(code?.masked).toEqual(['the content of a.ini', 'the content of b.py']);
    const fresh = mkdtempSync(join(tmpdir(), 'bartizan-patch-'));
    const part = (code?.patch ?? '').slice((code?.patch ?? '').indexOf('diff --git a/c.bin'));
    git('checkout', '-q', '--', 'c.bin');
    writeFileSync(join(fresh, 'p'), part);
    git('apply', join(fresh, 'p'));
    rmSync(fresh, { recursive: true });
    expect(execFileSync('cat', [join(folder, 'c.bin')]).equals(bytes(7))).toBe(true);
  });

  it('keeps an innocent change exactly, and says nothing of none', async () => {
    commit({ 'a.py': 'token: str\nlr = 0.1\n', 'w b.py': 'x\n' });
    expect((await codeOf(folder))?.facts.patchSha256).toBeNull();
    write({ 'a.py': 'token: str\nlr = 0.2\nkey = row["key"]\n', 'w b.py': 'y\n' });
    const code = await codeOf(folder);
    expect(code?.masked).toEqual([]);
    git('checkout', '-q', '--', '.');
    writeFileSync(join(folder, 'p'), code?.patch ?? '');
    git('apply', 'p');
    expect(execFileSync('cat', [join(folder, 'a.py')], { encoding: 'utf8' })).toContain('lr = 0.2');
  });

  it('longer than can be read is changed all the same', async () => {
    commit({ 'a.txt': 'x\n' });
    write({ 'a.txt': `${'lorem ipsum\n'.repeat(900_000)}` });
    const code = await codeOf(folder);
    expect(code?.patch).toBeNull();
    expect(code?.facts.patchSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(code?.masked[0]).toContain('all of it');
  });
});

describe('lines of a patch', () => {
  const patch = (name: string, ...lines: string[]): string =>
    `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n${lines.map((line) => `+${line}\n`).join('')}`;

  it.each([
    ['a.py', `password = "${S}"`],
    ['a.py', `connect(user="a", password='${S}')`],
    ['a.py', `URL = "https://${S}@host/x"`],
    ['a.py', `dsn = "host=h password=${S}"`],
    ['a.py', `h = {"X-Api-Key": "${S}", "a": 1}`],
    ['a.py', `h = {"Authorization": "Bearer ${S}"}`],
    ['a.py', `os.environ["HF_TOKEN"] = '${S}'`],
    ['a.ts', `const apiKey = '${S}';`],
    ['run.sh', `mysql -uroot --password=${S}`],
    ['run.sh', `curl -H "Authorization: Bearer ${S}" h`],
    ['a.yaml', `password: ${S} and ${S}`],
    ['a.yaml', `db: {password: ${S}}`],
    ['a.json', `  "api_key": "${S}",`],
    ['a.ini', `passwd = a=b;${S}`],
    ['a.yml', 'password: |', `  ${S}`],
    ['a.yml', 'passwords:', `  - ${S}`],
    ['a.toml', `hook = "https://hooks.slack.com/services/T0/B0/${S}"`],
  ])('of %s: %s', (name, ...lines) => {
    const { text, what } = maskedPatch(patch(name, ...lines));
    expect(text).not.toContain(S);
    expect(text).toContain(MASK);
    expect(what.length).toBeGreaterThan(0);
  });

  it.each([
    ['a.py', 'def f(token: str, password: Optional[str] = None) -> None:'],
    ['a.py', 'headers = {"Authorization": f"Bearer {token}"}'],
    ['a.py', 'headers = {"Authorization": "Bearer " + token}'],
    ['a.py', 'eos_token="</s>", sep_token="[SEP]", key="name"'],
    ['a.ts', 'interface A { readonly password: string; key: "a" | "b" }'],
    ['a.yaml', '  token: ${{ secrets.TOKEN }}'],
    ['a.yaml', 'tokenizer: bert\nmax_tokens: 5\nkey: name'],
    ['run.sh', 'TOKEN=$TOKEN python t.py --api-key "$API_KEY"'],
  ])('%s keeps: %s', (name, line) => {
    expect(maskedPatch(patch(name, line))).toEqual({ text: patch(name, line), what: [] });
  });

  it('without a name are not kept', () => {
    expect(maskedPatch(`diff --git\n@@ -1 +1 @@\n+A=${S}\n`).text).not.toContain(S);
    expect(maskedPatch(`@@ -1 +1 @@\n+A=${S}\n`).text).not.toContain(S);
  });

  it('a hostile megabyte takes seconds at most', () => {
    const heads = ['"'.repeat(999), '"\\303'.repeat(200), 'a b '.repeat(250), '\\'.repeat(999)];
    const bodies = [
      'password: |',
      '"key": [',
      "token='",
      '- - - ',
      'https://a:',
      'x'.repeat(999),
      '  - a:',
      'a=b '.repeat(99),
    ];
    const lines = [...bodies, ...heads.map((head) => `\ndiff --git ${head}`)];
    const timed = (text: string, mostMs: number, said: string): void => {
      const before = performance.now();
      maskedPatch(text);
      expect(performance.now() - before, said).toBeLessThan(mostMs);
    };
    const size = 100_000;
    for (const line of lines) {
      const count = Math.floor(size / (line.length + 2));
      timed(patch('a.yml', `${line}\n+`.repeat(count)), 10_000, line.slice(0, 20));
      timed(patch('a.yml', line.repeat(count)), 10_000, line.slice(0, 20));
    }
    const mixed = bodies.join('\n+');
    timed(patch('a.yml', `${mixed}\n+`.repeat(Math.floor(1_000_000 / mixed.length))), 30_000, 'mixed');
  }, 120_000);

  it('a binary part that is broken or unfolds without end is not kept', () => {
    const bin = (line: string): string =>
      `diff --git a/x.bin b/x.bin\nindex 1..2\nGIT binary patch\nliteral 5\n${line}\n\nliteral 0\nHcmV?d00001\n\n`;
    for (const line of ['zzz', `z${'~'.repeat(60)}`, ''])
      expect(maskedPatch(bin(line)).what).toEqual(['the content of x.bin']);
  });
});
