import type { Severity } from '../types.ts';
import type { FileReport } from './json.ts';

export interface RuleText {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = Object.freeze({
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'warning',
  info: 'note',
});
/** CVSS-like numbers by which code hosts sort. */
const SCORE: Readonly<Record<Severity, string>> = Object.freeze({
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '0.0',
});

export interface SarifOptions {
  readonly version: string;
  readonly rules: readonly RuleText[];
}

/** The findings and errors as SARIF 2.1.0 (OASIS). Offsets are bytes; members of containers are logical places. */
export function sarifReport(files: readonly FileReport[], { version, rules }: SarifOptions) {
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  const used = [
    ...new Set(
      files.flatMap(({ outcome }) => [...outcome.findings, ...outcome.errors].map(({ check }) => check)),
    ),
  ].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Bartizan',
            version,
            rules: used.map((id) => ({
              id,
              name: id.replaceAll('/', '-'),
              shortDescription: { text: known.get(id)?.title ?? id },
              fullDescription: { text: known.get(id)?.description ?? id },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: files.flatMap((file) => results(file, used)),
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: files.flatMap(notifications),
          },
        ],
      },
    ],
  };
}

/**
 * Foreign text for viewers and terminals: well-formed, without characters that nobody sees (line breaks and tabs
 * stay), and without links, which plain text in SARIF may have (section 3.11.6).
 */
const plain = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]|[\p{Cf}\u2028\u2029]/gu, '\ufffd')
    .replaceAll('](', '] (');

/** A message is never empty. */
const message = (text: string) => ({ text: plain(text) || 'no message' });

function results({ path, outcome }: FileReport, used: readonly string[]) {
  return outcome.findings.map((finding) => ({
    ruleId: finding.check,
    ruleIndex: used.indexOf(finding.check),
    level: LEVEL[finding.severity],
    message: message(finding.message),
    locations: [location(path, finding.path, finding.offset)],
    properties: {
      kind: finding.kind,
      severity: finding.severity,
      'security-severity': SCORE[finding.severity],
      ...(finding.evidence.call === undefined ? {} : { call: plain(finding.evidence.call) }),
      ...(finding.evidence.import === undefined ? {} : { import: plain(finding.evidence.import) }),
    },
  }));
}

function notifications({ path, outcome }: FileReport) {
  return outcome.errors.map((error) => ({
    level: 'error',
    descriptor: { id: error.check },
    message: message(error.message),
    locations: [location(path, error.path, error.offset)],
  }));
}

function location(path: string, foreign: string, at: number) {
  const member = plain(foreign);
  const offset = Number.isSafeInteger(at) && at > 0 ? at : 0;
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(path) },
      // An offset inside a container is none in the file.
      ...(member === '' ? { region: { byteOffset: offset, byteLength: 1 } } : {}),
    },
    ...(member === ''
      ? {}
      : { logicalLocations: [{ fullyQualifiedName: member, kind: 'member', name: `${member}@${offset}` }] }),
  };
}

/** A relative reference (RFC 3986, section 4.2): no scheme, and no host where a path begins with several slashes. */
function uriOf(path: string): string {
  const parts = path.toWellFormed().replaceAll('\\', '/').replace(/^\/+/, '/').split('/');
  return parts.map(encodeURIComponent).join('/') || '.';
}
