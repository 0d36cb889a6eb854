import type { Sink } from '@bartizan/contracts';
import { Checkbox, Group, NumberInput, PasswordInput, Select, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { SinkValues, TargetType } from './sink-values.ts';

interface FieldsProps {
  readonly form: UseFormReturnType<SinkValues>;
  readonly stored: Sink | null;
}

const TYPES: readonly { readonly value: TargetType; readonly label: string }[] = [
  { value: 'https', label: 'OCSF over HTTPS' },
  { value: 'syslog', label: 'Syslog' },
  { value: 'splunk-hec', label: 'Splunk HTTP Event Collector' },
  { value: 'file', label: 'File on the server' },
];

/** Where events go and how the receiver is reached. */
export function SinkTargetFields({ form, stored }: FieldsProps) {
  const { type } = form.values;
  const keeps = stored !== null && stored.target.type === type;
  return (
    <>
      <Select
        label="Send as"
        allowDeselect={false}
        data={TYPES}
        value={type}
        onChange={(value) => {
          const next = (value ?? 'https') as TargetType;
          form.setValues({ type: next, format: next === 'syslog' ? 'cef' : 'ocsf' });
        }}
      />
      {type === 'https' ? <HttpsFields form={form} keeps={keeps} /> : null}
      {type === 'splunk-hec' ? <SplunkFields form={form} keeps={keeps} /> : null}
      {type === 'syslog' ? <SyslogFields form={form} /> : null}
      {type === 'file' ? <FileFields form={form} /> : <NetworkFields form={form} />}
    </>
  );
}

type Part = Pick<FieldsProps, 'form'>;

const secretHelp = (keeps: boolean) => (keeps ? 'Leave this empty to keep the stored one.' : undefined);

function HttpsFields({ form, keeps }: Part & { keeps: boolean }) {
  const { auth } = form.values;
  return (
    <>
      <TextInput
        label="Address"
        placeholder="https://siem.example.com/ingest"
        required
        {...form.getInputProps('url')}
      />
      <Group grow align="start">
        <Select
          label="Body"
          allowDeselect={false}
          data={[
            { value: 'json-array', label: 'JSON array' },
            { value: 'ndjson', label: 'One object a line' },
          ]}
          {...form.getInputProps('body')}
        />
        <Select
          label="Authentication"
          allowDeselect={false}
          data={[
            { value: 'none', label: 'None' },
            { value: 'bearer', label: 'Bearer token' },
            { value: 'basic', label: 'User and password' },
          ]}
          {...form.getInputProps('auth')}
        />
      </Group>
      {auth === 'basic' ? <TextInput label="User" {...form.getInputProps('username')} /> : null}
      {auth === 'none' ? null : (
        <PasswordInput
          label={auth === 'basic' ? 'Password' : 'Token'}
          description={secretHelp(keeps)}
          autoComplete="off"
          {...form.getInputProps('secret')}
        />
      )}
    </>
  );
}

function SplunkFields({ form, keeps }: Part & { keeps: boolean }) {
  return (
    <>
      <TextInput
        label="Address"
        placeholder="https://splunk.example.com:8088"
        required
        {...form.getInputProps('url')}
      />
      <PasswordInput
        label="Token"
        description={secretHelp(keeps)}
        autoComplete="off"
        {...form.getInputProps('secret')}
      />
      <TextInput label="Index" description="Empty for the token's own." {...form.getInputProps('index')} />
      <Checkbox
        size="xs"
        label="Wait until the indexer says that events are stored"
        description="Indexer acknowledgement must be on for the token."
        {...form.getInputProps('ack', { type: 'checkbox' })}
      />
    </>
  );
}

function SyslogFields({ form }: Part) {
  return (
    <>
      <Group grow align="start">
        <TextInput label="Host" required {...form.getInputProps('host')} />
        <NumberInput label="Port" min={1} max={65_535} hideControls {...form.getInputProps('port')} />
      </Group>
      <Group grow align="start">
        <Select
          label="Over"
          allowDeselect={false}
          data={[
            { value: 'tls', label: 'TLS' },
            { value: 'tcp', label: 'TCP, readable on the way' },
            { value: 'udp', label: 'UDP, readable and may be lost' },
          ]}
          {...form.getInputProps('protocol')}
        />
        <FormatSelect form={form} />
      </Group>
    </>
  );
}

const FileFields = ({ form }: Part) => (
  <Group grow align="start">
    <TextInput
      label="File name"
      description="In the folder sinks of the server's data directory."
      required
      {...form.getInputProps('file')}
    />
    <FormatSelect form={form} />
  </Group>
);

const FormatSelect = ({ form }: Part) => (
  <Select
    label="Format"
    allowDeselect={false}
    data={[
      { value: 'cef', label: 'CEF' },
      { value: 'ocsf', label: 'OCSF (JSON)' },
    ]}
    {...form.getInputProps('format')}
  />
);

function NetworkFields({ form }: Part) {
  return (
    <>
      <Textarea
        label="Certificates that may vouch for the receiver"
        description="As PEM; empty for those that the system trusts."
        autosize
        minRows={1}
        maxRows={6}
        {...form.getInputProps('ca')}
      />
      <Checkbox
        size="xs"
        label="In a private network"
        description="Lets Bartizan reach a receiver at a private address."
        {...form.getInputProps('allowPrivateNetwork', { type: 'checkbox' })}
      />
      <Checkbox
        size="xs"
        label="Without TLS"
        description="Events then cross the network readable."
        {...form.getInputProps('allowPlaintext', { type: 'checkbox' })}
      />
    </>
  );
}
