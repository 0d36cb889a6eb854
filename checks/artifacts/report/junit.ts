import type { FileReport } from './json.ts';

/** One test case per file: findings are failures, what could not be judged is an error, the rest passes or is skipped. */
export function junitReport(files: readonly FileReport[]): string {
  const count = (verdicts: readonly string[]) =>
    files.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const head = `tests="${files.length}" failures="${count(['malicious', 'suspicious'])}" errors="${count(['error'])}" skipped="${count(['skipped'])}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="bartizan scan" ${head}>`,
    `  <testsuite name="artifacts" ${head}>`,
    ...files.map(testCase),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function testCase({ path, verdict, outcome }: FileReport): string {
  const open = `    <testcase classname="${escape(outcome.format)}" name="${escape(path)}"`;
  const lines = [
    ...outcome.findings.map(
      ({ severity, message, path: member, offset }) =>
        `${severity}: ${message} (${member === '' ? '' : `${member} `}at byte ${offset})`,
    ),
    ...outcome.errors.map(
      ({ message, path: member }) => `not judged: ${message}${member === '' ? '' : ` (${member})`}`,
    ),
  ];
  const body = escape(lines.join('\n'));
  if (verdict === 'malicious' || verdict === 'suspicious') {
    return `${open}>\n      <failure message="${verdict}" type="${verdict}">${body}</failure>\n    </testcase>`;
  }
  if (verdict === 'error') {
    return `${open}>\n      <error message="could not be judged" type="error">${body}</error>\n    </testcase>`;
  }
  if (verdict === 'skipped') {
    return `${open}>\n      <skipped message="${escape(outcome.skipped[0]?.reason ?? 'skipped')}"/>\n    </testcase>`;
  }
  return `${open}/>`;
}

/** XML text without the characters that XML 1.0 cannot hold. */
function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
