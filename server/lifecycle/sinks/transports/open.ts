import type { StoredSink, TargetSecrets } from '../model.ts';
import { createFileTransport } from './file.ts';
import { createHttpsTransport } from './https.ts';
import { createSplunkTransport } from './splunk.ts';
import { createSyslogTransport } from './syslog.ts';
import type { Outcome, Transport } from './transport.ts';

function bare(
  { target, timeoutMs }: StoredSink['settings'],
  secrets: TargetSecrets,
  folder: string,
): Transport {
  switch (target.type) {
    case 'https':
      return createHttpsTransport(target, secrets, timeoutMs);
    case 'splunk-hec':
      return createSplunkTransport(target, secrets, timeoutMs);
    case 'syslog':
      return createSyslogTransport(target, secrets, timeoutMs);
    case 'file':
      return createFileTransport(target, folder);
  }
}

/** The way to a sink's receiver. What a receiver repeats of our credentials is taken out of its answers. */
export function openTransport(
  settings: StoredSink['settings'],
  secrets: TargetSecrets,
  folder: string,
): Transport {
  const transport = bare(settings, secrets, folder);
  const { target } = settings;
  const { password, token, headers } = secrets;
  const basic =
    target.type === 'https' && target.auth === 'basic'
      ? Buffer.from(`${target.username}:${password ?? ''}`).toString('base64')
      : undefined;
  const values = [password, token, basic, ...Object.values(headers ?? {})].filter((value) => value);
  return Object.freeze({
    async deliver(...given: Parameters<Transport['deliver']>): Promise<Outcome> {
      const outcome = await transport.deliver(...given);
      const answer = values.reduce<string>(
        (text, value) => text.replaceAll(value ?? '', '…'),
        outcome.answer,
      );
      return { ...outcome, answer };
    },
    close: () => transport.close(),
  });
}
