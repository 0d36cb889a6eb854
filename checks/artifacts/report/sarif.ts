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

function results({ path, outcome }: FileReport, used: readonly string[]) {
  return outcome.findings.map((finding) => ({
    ruleId: finding.check,
    ruleIndex: used.indexOf(finding.check),
    level: LEVEL[finding.severity],
    message: { text: finding.message },
    locations: [location(path, finding.path, finding.offset)],
    properties: {
      kind: finding.kind,
      severity: finding.severity,
      'security-severity': SCORE[finding.severity],
      ...(finding.evidence.call === undefined ? {} : { call: finding.evidence.call }),
      ...(finding.evidence.import === undefined ? {} : { import: finding.evidence.import }),
    },
  }));
}

function notifications({ path, outcome }: FileReport) {
  return outcome.errors.map(({ check, message, offset, path: member }) => ({
    level: 'error',
    descriptor: { id: check },
    message: { text: message },
    locations: [location(path, member, offset)],
  }));
}

function location(path: string, member: string, offset: number) {
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

function uriOf(path: string): string {
  return path.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
