import type { Sink, SinkFilter, SinkInput, SinkTargetInput } from '@bartizan/contracts';

export type TargetType = SinkTargetInput['type'];

/** A sink as the form holds it: one flat set of fields, of which a target uses some. */
export interface SinkValues {
  name: string;
  type: TargetType;
  url: string;
  host: string;
  port: number;
  protocol: 'tls' | 'tcp' | 'udp';
  file: string;
  format: 'ocsf' | 'cef';
  body: 'json-array' | 'ndjson';
  auth: 'none' | 'bearer' | 'basic';
  username: string;
  /** Token or password; empty keeps what is stored. */
  secret: string;
  index: string;
  ack: boolean;
  /** Certificates of authorities, as PEM. */
  ca: string;
  allowPrivateNetwork: boolean;
  allowPlaintext: boolean;
  filter: SinkFilter;
  includeExcerpts: boolean;
  alarmAfterSeconds: number;
}

const FRESH: SinkValues = {
  name: '',
  type: 'https',
  url: '',
  host: '',
  port: 6514,
  protocol: 'tls',
  file: 'events.ndjson',
  format: 'ocsf',
  body: 'json-array',
  auth: 'none',
  username: '',
  secret: '',
  index: '',
  ack: false,
  ca: '',
  allowPrivateNetwork: false,
  allowPlaintext: false,
  filter: {
    kinds: ['interactions', 'findings', 'audit', 'alarms'],
    minimumVerdict: 'allow',
    minimumSeverity: 'informational',
    endpoints: [],
  },
  includeExcerpts: false,
  alarmAfterSeconds: 900,
};

/** The form's values for a sink, or for a new one. */
export function fromSink(sink: Sink | null): SinkValues {
  if (sink === null) return FRESH;
  const { target } = sink;
  const common = {
    ...FRESH,
    name: sink.name,
    type: target.type,
    format: target.format,
    filter: sink.filter,
    includeExcerpts: sink.includeExcerpts,
    alarmAfterSeconds: sink.alarmAfterSeconds,
  };
  if (target.type === 'file') return { ...common, file: target.name };
  const network = {
    ...common,
    ca: target.ca ?? '',
    allowPrivateNetwork: target.allowPrivateNetwork,
    allowPlaintext: target.allowPlaintext,
  };
  if (target.type === 'syslog') {
    const { host, port, protocol } = target;
    return { ...network, host, port, protocol };
  }
  if (target.type === 'splunk-hec') {
    const { url, index, ack } = target;
    return { ...network, url, index, ack };
  }
  const { url, body, auth, username } = target;
  return { ...network, url, body, auth, username };
}

/**
 * What is sent. What the form does not show (headers, rotation, client certificate) stays as it is on `stored`
 * where the type is the same.
 */
export function toSinkInput(values: SinkValues, stored: Sink | null): SinkInput {
  const { name, filter, includeExcerpts, alarmAfterSeconds } = values;
  const common = { name, filter, includeExcerpts, alarmAfterSeconds };
  const kept = stored === null ? {} : { maxBatch: stored.maxBatch, timeoutMs: stored.timeoutMs };
  return { ...kept, ...common, target: toTarget(values, stored) };
}

function toTarget(values: SinkValues, stored: Sink | null): SinkTargetInput {
  const old = stored?.target;
  const { allowPrivateNetwork, allowPlaintext } = values;
  const network = { allowPrivateNetwork, allowPlaintext, ca: values.ca.trim() === '' ? null : values.ca };
  const secret = values.secret === '' ? undefined : values.secret;
  if (values.type === 'file') {
    const kept = old?.type === 'file' ? { maxBytes: old.maxBytes, keepFiles: old.keepFiles } : {};
    return { ...kept, type: 'file', name: values.file, format: values.format };
  }
  if (values.type === 'syslog') {
    const kept =
      old?.type === 'syslog'
        ? {
            facility: old.facility,
            appName: old.appName,
            serverName: old.serverName,
            clientCertificate: old.clientCertificate,
          }
        : {};
    const { host, port, protocol, format } = values;
    return { ...kept, ...network, type: 'syslog', host, port, protocol, format };
  }
  if (values.type === 'splunk-hec') {
    const kept =
      old?.type === 'splunk-hec'
        ? {
            source: old.source,
            sourcetype: old.sourcetype,
            compress: old.compress,
            clientCertificate: old.clientCertificate,
          }
        : {};
    const { url, index, ack } = values;
    return { ...kept, ...network, type: 'splunk-hec', url, index, ack, token: secret };
  }
  const kept =
    old?.type === 'https'
      ? {
          headers: old.headers.map((header) => ({ name: header })),
          compress: old.compress,
          clientCertificate: old.clientCertificate,
        }
      : {};
  const { url, body, auth, username } = values;
  return { ...kept, ...network, type: 'https', url, body, auth, username, password: secret };
}
