import { endpointRoutes, type Provider, type Upstream, UpstreamInput } from '@bartizan/contracts';
import {
  ActionIcon,
  Button,
  NumberInput,
  PasswordInput,
  Select,
  Switch,
  TextInput,
  Tooltip,
} from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconCircleCheck,
  IconPlugConnected,
  IconTrash,
} from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatMs, formatNoun } from '../ui/format.ts';
import type { EndpointFormApi } from './endpoint-values.ts';
import { turnInWords } from './upstreams.ts';

const PROVIDERS = [
  { value: 'openai', label: 'OpenAI or compatible' },
  { value: 'anthropic', label: 'Anthropic or compatible' },
  { value: 'demo', label: 'Built-in demo assistant' },
];
const USUAL_URL: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
  demo: '',
};

interface CardProps {
  readonly form: EndpointFormApi;
  readonly index: number;
  readonly stored: Upstream | undefined;
  readonly endpointId: string | undefined;
  readonly disabled: boolean;
  readonly onMove: (step: -1 | 1) => void;
}

export function UpstreamCard({ form, index, stored, endpointId, disabled, onMove }: CardProps) {
  const { upstreams } = form.values;
  const upstream = upstreams[index];
  if (upstream === undefined) return null;
  const path = `upstreams.${index}` as const;
  return (
    <div className="bz-card" data-off={!upstream.enabled}>
      <header>
        <div className="bz-grow">
          <b>{upstream.name || 'New upstream'}</b>{' '}
          <span className="bz-dim">{turnInWords(upstreams, index)}</span>
        </div>
        {disabled ? null : (
          <>
            <Switch size="xs" label="On" {...form.getInputProps(`${path}.enabled`, { type: 'checkbox' })} />
            <Tooltip label="Try earlier">
              <ActionIcon aria-label="Try earlier" disabled={index === 0} onClick={() => onMove(-1)}>
                <IconArrowUp size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Try later">
              <ActionIcon
                aria-label="Try later"
                disabled={index === upstreams.length - 1}
                onClick={() => onMove(1)}
              >
                <IconArrowDown size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Remove">
              <ActionIcon
                aria-label="Remove upstream"
                onClick={() => form.removeListItem('upstreams', index)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
      </header>
      <div className="bz-card-body bz-fields">
        <div className="bz-fields-2">
          <TextInput label="Name" required disabled={disabled} {...form.getInputProps(`${path}.name`)} />
          <Select
            label="Provider"
            data={PROVIDERS}
            disabled={disabled}
            value={upstream.provider}
            onChange={(provider) => {
              const usual = upstream.baseUrl === (USUAL_URL[upstream.provider] ?? '');
              if (provider === null) return;
              form.setFieldValue(`${path}.provider`, provider as Provider);
              if (usual) form.setFieldValue(`${path}.baseUrl`, USUAL_URL[provider] ?? '');
            }}
          />
          {upstream.provider === 'demo' ? null : (
            <>
              <TextInput
                label="Base URL"
                required
                disabled={disabled}
                spellCheck={false}
                {...form.getInputProps(`${path}.baseUrl`)}
              />
              <ProviderKey form={form} index={index} stored={stored} disabled={disabled} />
            </>
          )}
        </div>
        <Details form={form} index={index} disabled={disabled} />
        {disabled ? null : <TestUpstream form={form} index={index} endpointId={endpointId} />}
      </div>
    </div>
  );
}

/** Write-only: what is stored is known by its hint alone. */
function ProviderKey({
  form,
  index,
  stored,
  disabled,
}: Pick<CardProps, 'form' | 'index' | 'stored' | 'disabled'>) {
  const path = `upstreams.${index}.apiKey` as const;
  const value = form.values.upstreams[index]?.apiKey;
  const kept = stored?.hasApiKey === true && value === undefined;
  return (
    <div>
      <PasswordInput
        label="Provider key"
        disabled={disabled}
        autoComplete="off"
        placeholder={
          kept
            ? `Stored: ${stored.apiKeyHint}. Type to replace it`
            : value === null
              ? 'Will be removed'
              : 'None'
        }
        value={value ?? ''}
        onChange={(event) =>
          form.setFieldValue(path, event.currentTarget.value === '' ? undefined : event.currentTarget.value)
        }
        error={form.errors[path]}
      />
      {stored?.hasApiKey && !disabled ? (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          onClick={() => form.setFieldValue(path, value === null ? undefined : null)}
        >
          {value === null ? 'Keep the stored key' : 'Remove the stored key'}
        </Button>
      ) : null}
    </div>
  );
}

function Details({ form, index, disabled }: Pick<CardProps, 'form' | 'index' | 'disabled'>) {
  const number = (name: string, label: string) => (
    <NumberInput
      label={label}
      allowDecimal={false}
      thousandSeparator=","
      disabled={disabled}
      {...form.getInputProps(`upstreams.${index}.${name}`)}
    />
  );
  return (
    <details>
      <summary className="bz-dim">Private network, weight and timeouts</summary>
      <div className="bz-fields-2" style={{ marginTop: 12 }}>
        {number('priority', 'Priority, lower goes first')}
        {number('weight', 'Weight among equals')}
        {number('connectTimeoutMs', 'Connect within, ms')}
        {number('headersTimeoutMs', 'First answer within, ms')}
        {number('idleTimeoutMs', 'Longest silence, ms')}
        {number('maxResponseBytes', 'Largest answer, bytes')}
        <Switch
          size="xs"
          label="Private network"
          description="Allows loopback and private addresses: a server of your own."
          disabled={disabled}
          {...form.getInputProps(`upstreams.${index}.allowPrivateNetwork`, { type: 'checkbox' })}
        />
      </div>
    </details>
  );
}

function TestUpstream({ form, index, endpointId }: Pick<CardProps, 'form' | 'index' | 'endpointId'>) {
  const test = useMutation({
    mutationFn: () => {
      const upstream = UpstreamInput.parse(form.values.upstreams[index]);
      return api.call(endpointRoutes.testUpstream, { body: { endpointId, upstream } });
    },
  });
  const complete = UpstreamInput.safeParse(form.values.upstreams[index]).success;
  return (
    <div>
      <div className="bz-actions">
        <Button
          variant="default"
          leftSection={<IconPlugConnected size={14} />}
          loading={test.isPending}
          disabled={!complete}
          onClick={() => test.mutate()}
        >
          Test address and key
        </Button>
        {test.data?.ok ? (
          <span role="status">
            <IconCircleCheck size={14} style={{ color: 'var(--bz-allow)', verticalAlign: -2 }} aria-hidden />{' '}
            {test.data.message}, {formatNoun(test.data.models.length, 'model')},{' '}
            {formatMs(test.data.latencyMs)}
          </span>
        ) : null}
      </div>
      {test.data && !test.data.ok ? (
        <p role="alert" style={{ color: 'var(--mantine-color-error)', marginTop: 8 }}>
          {test.data.message}
        </p>
      ) : null}
      <FailureNote failure={test.error} />
      {test.data?.ok && test.data.models.length > 0 ? (
        <p className="bz-dim bz-note" style={{ marginTop: 8 }}>
          {test.data.models.slice(0, 12).join(', ')}
          {test.data.models.length > 12 ? ' and more' : ''}
        </p>
      ) : null}
    </div>
  );
}
