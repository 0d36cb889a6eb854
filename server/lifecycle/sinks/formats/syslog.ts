import type { Severity, SinkKind } from '@bartizan/contracts';

export interface SyslogHeader {
  /** 0 to 23. */
  readonly facility: number;
  readonly severity: Severity;
  readonly atMs: number;
  readonly host: string;
  readonly appName: string;
  readonly kind: SinkKind;
}

/** RFC 5424 §6.2.1: 1 alert … 6 informational. */
const SEVERITY: Readonly<Record<Severity, number>> = {
  critical: 2,
  high: 3,
  medium: 4,
  low: 5,
  informational: 6,
};

/** Last instant that an RFC 3339 timestamp can say. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Visible ASCII only, of bounded length; `-` where nothing is left (RFC 5424 §6). */
const plain = (value: string, max: number): string => value.replace(/[^\x21-\x7e]/g, '').slice(0, max) || '-';

/**
 * One message as RFC 5424 frames it, with the NILVALUE for process and structured data. Line breaks and NUL in
 * the text, which some receivers take for the end, become blanks.
 */
export function syslogMessage(header: SyslogHeader, text: string): Buffer {
  const priority = header.facility * 8 + SEVERITY[header.severity];
  const at = new Date(Math.min(Math.max(header.atMs, 0), LAST_MS)).toISOString();
  const head = `<${priority}>1 ${at} ${plain(header.host, 255)} ${plain(header.appName, 48)} - ${plain(header.kind, 32)} -`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return Buffer.from(`${head} ${text.replace(/[\u0000\r\n]/g, ' ')}`);
}

/** Octet counting (RFC 5425 §4.3, RFC 6587 §3.4.1): `MSG-LEN SP SYSLOG-MSG`. */
export function octetCounted(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}
