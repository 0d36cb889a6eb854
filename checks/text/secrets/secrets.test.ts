import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextFinding } from '../types.ts';
import { EMPTY_CONTEXT, textInput } from '../types.ts';
import { ASSIGNED_RULES } from './assigned.ts';
import { BLOCK_LIMIT } from './blocks.ts';
import { secretsCheck } from './index.ts';
import { INFIX_RULES } from './infix.ts';
import { leakOf } from './leak-simulation.ts';
import { entropy, isPlaceholder } from './placeholder.ts';
import { alnum, base64, hex, pem, uuid } from './sample-parts.ts';
import { TOKEN_RULES } from './scan.ts';

const config = secretsCheck.config.parse({});

function find(text: string, overrides: Record<string, unknown> = {}): readonly TextFinding[] {
  const result = secretsCheck.run(textInput(text), secretsCheck.config.parse(overrides));
  if (result instanceof Promise) throw new TypeError('expected an answer at once');
  return result.outcome === 'findings' ? result.findings : [];
}
const kinds = (text: string): string[] => find(text).map(({ kind }) => kind);
const RULES = [...TOKEN_RULES, ...INFIX_RULES, ...ASSIGNED_RULES];

describe('the tables', () => {
  it('hold at least 80 known forms, each named once', () => {
    expect(TOKEN_RULES.length).toBeGreaterThanOrEqual(80);
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s finds its true samples and leaves its false ones',
    (id, rule) => {
      expect(rule.yes.length).toBeGreaterThan(0);
      expect(rule.no.length).toBeGreaterThan(0);
      for (const sample of rule.yes) {
        const found = find(`see ${sample} there`).filter(({ kind }) => kind === id);
        expect(found, sample.slice(0, 30)).not.toHaveLength(0);
        for (const { message } of found) expect(message).not.toContain(sample.slice(-12));
      }
      for (const sample of rule.no) expect(kinds(`see ${sample} there`), sample).toEqual([]);
    },
  );

  it.each(TOKEN_RULES.map((rule) => [rule.id, rule] as const))('%s is found by every prefix', (_id, rule) => {
    for (const prefix of rule.prefixes) expect(prefix.length).toBeGreaterThanOrEqual(3);
    expect(rule.pattern.sticky).toBe(true);
  });
});

describe('the carried samples', () => {
  it.each(secretsCheck.samples.map((sample) => [sample.title, sample] as const))('%s', (_title, sample) => {
    const result = secretsCheck.run(sample.input, secretsCheck.config.parse(sample.config ?? {}));
    expect(result).toHaveProperty('outcome', sample.found ? 'findings' : 'pass');
  });
});

describe('assignments', () => {
  const key = alnum(32);
  it.each([
    `api_key = "${key}"`,
    `"apiKey": "${key}"`,
    `apiKey: '${key}',`,
    `export API_KEY=${key}`,
    `--token=${key}`,
    `X-Api-Key: ${key}`,
    `<accessToken>${key}</accessToken>`,
    `client_secret => "${key}"`,
    `const signingKey = "${key}";`,
    `my api key is ${key}`,
    'password: Tr0ub4dor&3',
    'Passwort: Sommer2031!',
    'mot de passe: Printemps2031!',
    'パスワード：Sakura-2031',
    'DB_PASSWORD=k9$mPq2!zR',
    'the password is hunter2horse',
  ])('finds %s', (text) => {
    const [finding] = find(text);
    expect(finding).toBeDefined();
    expect(text.slice(finding?.start, finding?.end)).not.toMatch(/["'<>\s]/);
  });

  it.each([
    'api_key = "your-key-here"',
    'api_key = "YOUR_API_KEY"',
    'api_key: xxxxxxxxxxxxxxxxxxxxxxxx',
    'token = "<token>"',
    'password = ${DB_PASSWORD}',
    'password = process.env.DB_PASSWORD',
    'secret: {{ .Values.secret }}',
    'token = get_token(user, "production")',
    'password: string;',
    'password: required',
    'password: ********',
    `cache_key = "${hex(32)}"`,
    `max_tokens: 4096`,
    `public_key: ${alnum(44)}`,
    `commit: ${hex(40)}`,
    `request_id=${uuid()}`,
    `sha256=${hex(64)}`,
    'primary_key: customer_id_2024_v2',
    'The key is to practise every day for 20 minutes.',
    'My password is too long to remember.',
    'secret: eu-west-1-prod-queue',
    'Author: Jane Doe, token ring networks',
  ])('leaves %s', (text) => expect(find(text)).toEqual([]));

  it('lets allowed values and ignored kinds pass', () => {
    expect(find(`api_key = "${key}"`, { allowedValues: [key] })).toEqual([]);
    expect(find(`api_key = "${key}"`, { ignoreKinds: ['api-key'] })).toEqual([]);
    expect(find(`api_key = "${key}"`, { assignments: false })).toEqual([]);
  });
});

describe('private key blocks', () => {
  it.each([
    'RSA PRIVATE KEY',
    'PRIVATE KEY',
    'OPENSSH PRIVATE KEY',
    'PGP PRIVATE KEY BLOCK',
    'ENCRYPTED PRIVATE KEY',
  ])('spans a whole %s', (label) => {
    const block = pem(label);
    const [finding] = find(`before\n${block}\nafter`);
    expect(finding).toMatchObject({ start: 7, end: 7 + block.length });
    expect(finding?.kind).toMatch(/private-key$/);
  });

  it('reads blocks escaped in JSON, with headers, quoted, and without an end', () => {
    expect(kinds(`{"private_key": "${pem('PRIVATE KEY', 6, '\\n')}\\n"}`)).toContain('private-key');
    expect(
      kinds(
        pem('RSA PRIVATE KEY').replace(
          '-----\n',
          '-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0F\n\n',
        ),
      ),
    ).toEqual(['private-key']);
    expect(kinds(pem('EC PRIVATE KEY').replaceAll('\n', '\n> '))).toEqual(['private-key']);
    expect(kinds(pem('PRIVATE KEY').replace(/-----END.*/s, ''))).toEqual(['private-key']);
  });

  it('leaves public keys, certificates and talk about keys', () => {
    for (const label of ['PUBLIC KEY', 'CERTIFICATE', 'PGP PUBLIC KEY BLOCK'])
      expect(find(pem(label))).toEqual([]);
    expect(
      find('A file begins with -----BEGIN PRIVATE KEY----- and then has the key in base64, see the manual.'),
    ).toEqual([]);
  });

  it('does not wait for an end longer than the limit', () => {
    const endless = pem('PRIVATE KEY', 400).replace(/-----END.*/s, '');
    expect(endless.length).toBeGreaterThan(BLOCK_LIMIT);
    const input = textInput(endless, { direction: 'output', context: { partial: true } });
    expect(secretsCheck.run(input, config)).toHaveProperty('outcome', 'findings');
  });
});

const hold = (text: string): number => {
  if (secretsCheck.streaming.mode !== 'hold') throw new TypeError('expected hold');
  return secretsCheck.streaming.holdFrom(text, config, { ...EMPTY_CONTEXT, partial: true });
};

describe('streaming', () => {
  it('leaks nothing of any known form at any cut', () => {
    for (const rule of RULES)
      expect(leakOf(secretsCheck, config, `Take ${rule.yes[0]}, then go on.`), rule.id).toBeNull();
  });

  it('leaks nothing of blocks and samples at any cut', () => {
    const texts = secretsCheck.samples.map(({ input }) => input.segments[0]?.text ?? '');
    for (const text of [
      ...texts,
      `x ${pem('PRIVATE KEY', 3, '\\n')} y`,
      `${pem('OPENSSH PRIVATE KEY', 2)}\n${pem('PRIVATE KEY', 2)}`,
    ]) {
      expect(leakOf(secretsCheck, config, text)).toBeNull();
    }
  });

  it('leaks nothing of mixtures', () => {
    const piece = fc.oneof(
      fc.constantFrom(...RULES.flatMap(({ yes }) => yes)),
      fc.constantFrom(
        'password: ',
        'token=',
        'api_key: "',
        '-----BEGIN ',
        '-----',
        '\n',
        ' ',
        '. ',
        'and so on ',
        '"',
        ',',
        'é',
        'my password is Winter2031! ',
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const text = pieces.join('').slice(0, 400);
        expect(leakOf(secretsCheck, config, text)).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('releases ordinary prose up to its last word', () => {
    const prose = 'Here is the plan for tomorrow: we meet at nine, and the key to success is coffee.';
    for (let cut = 1; cut <= prose.length; cut++) {
      const text = prose.slice(0, cut);
      expect(hold(text)).toBe(text.lastIndexOf(' ') + 1);
    }
  });

  it('holds an open key block from its first dash and lets go when it turns out to be talk', () => {
    expect(hold('Key:\n-----BEG')).toBe(5);
    expect(hold('Key:\n-----BEGIN RSA PRIV')).toBe(5);
    expect(hold(`Key:\n-----BEGIN RSA PRIVATE KEY-----\n${base64(64)}\n`)).toBe(5);
    expect(hold('Key:\n-----BEGIN CERTIFICATE----- and ')).toBe(
      'Key:\n-----BEGIN CERTIFICATE----- and '.length,
    );
    const talk = 'It starts with -----BEGIN PRIVATE KEY----- and then has some ';
    expect(hold(talk)).toBe(talk.length);
  });
});

describe('foreign text', () => {
  it('never throws, and every span lies inside the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const { start, end, score } of find(text)) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(score).toBeLessThanOrEqual(1);
        }
        expect(hold(text)).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    '=',
    'password=',
    'xoxb-',
    'eyJ.',
    '-eyJ-',
    'a://b:',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY----- ab ',
    ':AA',
    'key: ',
    'A',
    '1',
    ' ',
    '<a>',
  ])('judges 10,000 characters of %j in under 50 ms of CPU', (unit) => {
    const text = unit.repeat(10_000).slice(0, 10_000);
    const times = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      find(text);
      hold(text);
      const used = process.cpuUsage(before);
      return (used.user + used.system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });
});

describe('placeholders and entropy', () => {
  it('measures bits a character', () => {
    expect(entropy('')).toBe(0);
    expect(entropy('aaaa')).toBe(0);
    expect(entropy('abcd')).toBeCloseTo(2);
  });
  it('tells stand-ins from values', () => {
    for (const word of ['changeme', '<secret>', '$SECRET', '%SECRET%', 'example-token', 'null'])
      expect(isPlaceholder(word)).toBe(true);
    for (const word of ['k9$mPq2!zR', alnum(32), hex(32)]) expect(isPlaceholder(word)).toBe(false);
  });
});
