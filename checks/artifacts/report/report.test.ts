import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArtifactFinding } from '../types.ts';
import { humanReport } from './human.ts';
import { exitCodeOf, failedReport, fileReport, jsonReport, skippedReport } from './json.ts';
import { junitReport } from './junit.ts';
import { sarifReport } from './sarif.ts';
import { sarifProblems } from './sarif-rules.ts';

const finding = (more: Partial<ArtifactFinding> = {}): ArtifactFinding => ({
  check: 'artifacts/pickle',
  severity: 'critical',
  kind: 'executes-on-load',
  message: 'Loading calls <os.system> & "more"\u0007',
  offset: 12,
  path: '',
  evidence: { call: 'os.system("id")', import: 'os.system' },
  ...more,
});
const report = (path: string, findings: ArtifactFinding[]) =>
  fileReport(path, { format: 'pickle', findings, errors: [], skipped: [] });

const bad = report('a b/модель.pkl', [finding(), finding({ path: 'x.zip!y', severity: 'low' })]);
const clean = report('clean.pkl', []);
const broken = failedReport('broken', 'no such file');
const skipped = skippedReport('pipe', 'a pipe, no file');

describe('reports', () => {
  it('exit 1 for findings, 2 for what could not be judged, 0 otherwise', () => {
    expect(exitCodeOf([clean, skipped])).toBe(0);
    expect(exitCodeOf([clean, broken])).toBe(2);
    expect(exitCodeOf([broken, bad])).toBe(1);
    expect(exitCodeOf([])).toBe(0);
    expect(skipped.verdict).toBe('skipped');
  });

  it('have a fixed JSON shape', () => {
    expect(jsonReport([bad]).files[0]).toMatchObject({
      path: 'a b/модель.pkl',
      format: 'pickle',
      verdict: 'malicious',
      findings: [
        { check: 'artifacts/pickle', severity: 'critical', offset: 12, member: '' },
        { member: 'x.zip!y' },
      ],
    });
  });

  it('are SARIF 2.1.0', () => {
    const sarif = sarifReport([bad, clean, broken], {
      version: '1',
      rules: [{ id: 'artifacts/pickle', title: 'Pickle', description: 'Reads pickles.' }],
    });
    const [run] = sarif.runs;
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(['artifacts/pickle', 'artifacts/read']);
    expect(run?.results.map(({ level, ruleIndex }) => [level, ruleIndex])).toEqual([
      ['error', 0],
      ['warning', 0],
    ]);
    expect(run?.results[0]?.locations[0]).toEqual({
      physicalLocation: {
        artifactLocation: { uri: 'a%20b/%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C.pkl' },
        region: { byteOffset: 12, byteLength: 1 },
      },
    });
    expect(run?.results[1]?.locations[0]).toMatchObject({
      logicalLocations: [{ fullyQualifiedName: 'x.zip!y' }],
    });
    expect(run?.invocations[0]?.toolExecutionNotifications).toHaveLength(1);
  });

  const asText = (files: Parameters<typeof sarifReport>[0]): string =>
    JSON.stringify(sarifReport(files, { version: '1', rules: [] }), null, 2);

  it('are SARIF that readers can rely on, whatever stands in names and messages', () => {
    expect(sarifProblems(asText([bad, clean, broken, skipped]))).toEqual([]);
    const nasty = fc.constantFrom(
      '//evil.example/x',
      '\\\\evil\\share',
      'javascript:alert(1)',
      'C:\\a',
      'a/../b',
      '',
      '#a?b=%zz',
      'a\nb',
      '\u001b]0;owned\u0007',
      '\u009b2J',
      '\u202egnp.exe',
      '\ud800',
      '\u2028',
      '\0',
      '[x](https://evil.example)',
    );
    const text = fc.oneof(
      nasty,
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: 'grapheme' }),
    );
    const offset = fc.oneof(fc.nat(), fc.constantFrom(-1, Number.NaN, 1.5, Number.MAX_SAFE_INTEGER, 2 ** 60));
    const one = fc.record({ check: fc.constantFrom('a/x', 'b/y', 'c/z'), message: text, path: text, offset });
    const report = fc.record({
      path: text,
      found: fc.array(one, { maxLength: 4 }),
      missed: fc.array(one, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 4 }), text, (reports, call) => {
        const files = reports.map(({ path, found, missed }) =>
          fileReport(path, {
            format: 'pickle',
            findings: found.map((more) => finding({ ...more, evidence: { call, import: call } })),
            errors: missed,
            skipped: [],
          }),
        );
        expect(sarifProblems(asText(files))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('in SARIF name files of hosts and schemes as files here', () => {
    const uris = ['//evil.example/x', '\\\\evil\\x', 'http://h/x', 'a b', 'ä%'].map(
      (path) =>
        sarifReport([report(path, [finding()])], { version: '1', rules: [] }).runs[0]?.results[0]
          ?.locations[0]?.physicalLocation.artifactLocation.uri,
    );
    expect(uris).toEqual(['/evil.example/x', '/evil/x', 'http%3A//h/x', 'a%20b', '%C3%A4%25']);
  });

  it('in SARIF that are broken are told', () => {
    const good = asText([bad]);
    for (const [from, to] of [
      ['"ruleIndex": 0', '"ruleIndex": 7'],
      ['"level": "error"', '"level": "fatal"'],
      ['"byteOffset": 12', '"byteOffset": -1'],
      ['"uri": "a%20b', '"uri": "http://h/a%20b'],
      ['"version": "2.1.0"', '"version": "2.0.0"'],
      ['Loading', 'Loading\u009b'],
      ['Loading', 'Loading\\u001b'],
    ] as const) {
      expect(good).toContain(from);
      expect(sarifProblems(good.replace(from, to))).not.toEqual([]);
    }
  });

  it('are JUnit XML, whatever stands in names and messages', () => {
    const xml = junitReport([bad, clean, broken, skipped]);
    expect(xml).toContain('tests="4" failures="1" errors="1" skipped="1"');
    expect(xml).toContain('&lt;os.system&gt; &amp; &quot;more&quot;\ufffd');
    expect(xml).not.toMatch(/[\u0000-\u0008]/);
    expect(xml.match(/<testcase/g)).toHaveLength(4);
  });

  it('are short for people, worst first, all foreign text cleaned', () => {
    const text = humanReport([clean, broken, bad], (foreign) => foreign.replaceAll('\u0007', '?'));
    expect(text).toMatch(/^MALICIOUS/);
    expect(text).not.toContain('\u0007');
    expect(text).toMatch(/3 files: 1 malicious, 1 not judged, 1 clean$/);
  });

  it('tell people what was skipped and why, and that there was nothing', () => {
    const text = humanReport([clean, skipped], (foreign) => foreign);
    expect(text).toBe('SKIPPED  pipe  (a pipe, no file)\n\n2 files: 1 clean, 1 skipped');
    expect(humanReport([], (foreign) => foreign)).toContain('nothing to scan');
  });
});
