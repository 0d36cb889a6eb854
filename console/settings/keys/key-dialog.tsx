import { ALL_PERMISSIONS, identityRoutes, type KeyScope, NO_LIMITS, PERMISSIONS } from '@bartizan/contracts';
import { Button, Checkbox, Group, Modal, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { endpointsQuery, gatewayUrlQuery, serviceAccountsQuery } from '../../app/queries.ts';
import { meQuery, useMay } from '../../app/session.ts';
import { curlSnippet, GATEWAY_PLACEHOLDER } from '../../app/snippets.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { fieldErrors } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { LimitsFields } from '../../ui/limits-fields.tsx';
import {
  EXPIRIES,
  KEY_PRESETS,
  type KeyPreset,
  type KeyValues,
  presetValues,
  toKeyInput,
  validateKey,
} from './key-values.ts';

interface DialogProps {
  readonly opened: boolean;
  /** Chosen already, when a link says so. */
  readonly endpointId?: string;
  /** What it is for, when a link says so. */
  readonly preset?: KeyPreset;
  readonly onClose: () => void;
}

/** Creates a key, then shows its secret, once. */
export function KeyDialog({ opened, endpointId, preset = 'endpoints', onClose }: DialogProps) {
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: (values: KeyValues) =>
      api.call(identityRoutes.createKey, { body: toKeyInput(values, Date.now()) }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }),
  });
  const close = () => {
    onClose();
    create.reset();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      title={create.data ? `Key ${create.data.key.name}` : 'Create key'}
      closeOnClickOutside={!create.data}
      closeOnEscape={!create.data}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {create.data ? (
        <Secret
          secret={create.data.secret}
          endpoints={create.data.key.endpoints}
          invoke={create.data.key.scopes.includes('gateway.invoke')}
          onClose={close}
        />
      ) : (
        <KeyForm
          endpointId={endpointId}
          preset={preset}
          busy={create.isPending}
          failure={create.error}
          onCancel={close}
          onSubmit={(values) => create.mutate(values)}
        />
      )}
    </Modal>
  );
}

interface FormProps {
  readonly endpointId: string | undefined;
  readonly preset: KeyPreset;
  readonly busy: boolean;
  readonly failure: unknown;
  readonly onCancel: () => void;
  readonly onSubmit: (values: KeyValues) => void;
}

function KeyForm({ endpointId, preset, busy, failure, onCancel, onSubmit }: FormProps) {
  const endpoints = useQuery(endpointsQuery);
  const me = useQuery(meQuery);
  const accounts = useQuery(serviceAccountsQuery);
  // A key cannot be given more than its maker has.
  const grantable = ALL_PERMISSIONS.filter((permission) => me.data?.permissions.includes(permission));
  const form = useForm<KeyValues>({
    initialValues: {
      name: '',
      endpoints: endpointId ? [endpointId] : [],
      ...presetValues(preset, grantable),
      limits: NO_LIMITS,
      days: '90',
      serviceAccountId: null,
    },
    validate: validateKey,
  });
  const errors = { ...fieldErrors(failure), ...form.errors };
  return (
    <form onSubmit={form.onSubmit(onSubmit)} noValidate>
      <Stack gap="md">
        <TextInput
          data-autofocus
          label="Name"
          placeholder="What will use it"
          required
          {...form.getInputProps('name')}
          error={errors.name}
        />
        <div>
          <div className="bz-label">For</div>
          <Group gap={6} role="group" aria-label="Start from">
            {KEY_PRESETS.map(({ value, label }) => (
              <Button
                key={value}
                size="compact-xs"
                variant="default"
                onClick={() => form.setValues(presetValues(value, grantable))}
              >
                {label}
              </Button>
            ))}
          </Group>
        </div>
        <div>
          <Checkbox
            label="Call endpoints through the gateway"
            {...form.getInputProps('invoke', { type: 'checkbox' })}
          />
          {form.values.invoke ? (
            <Stack gap="xs" mt="xs" pl={28}>
              <Checkbox
                size="xs"
                label="Every endpoint, future ones too"
                {...form.getInputProps('every', { type: 'checkbox' })}
              />
              {form.values.every ? null : (
                <MultiSelect
                  label="Endpoints"
                  placeholder={form.values.endpoints.length === 0 ? 'Choose endpoints' : undefined}
                  data={
                    endpoints.data?.map((endpoint) => ({ value: endpoint.id, label: endpoint.slug })) ?? []
                  }
                  {...form.getInputProps('endpoints')}
                  error={errors.endpoints}
                />
              )}
            </Stack>
          ) : null}
        </div>
        <MultiSelect
          label="Use the API"
          description="What scripts and pipelines may do with it; nothing for applications."
          placeholder={form.values.permissions.length === 0 ? 'Nothing' : undefined}
          searchable
          clearable
          data={grantable.map((permission) => ({
            value: permission,
            label: `${PERMISSIONS[permission]} (${permission})`,
          }))}
          value={form.values.permissions}
          onChange={(value) => form.setFieldValue('permissions', value as KeyScope[])}
          error={errors.permissions}
        />
        <LimitsFields
          value={form.values.limits}
          onChange={(limits) => form.setFieldValue('limits', limits)}
        />
        {accounts.data?.length ? (
          <Select
            label="Belongs to"
            placeholder="You: it dies when you leave"
            clearable
            data={accounts.data
              .filter(({ disabled }) => !disabled)
              .map(({ id, name }) => ({ value: id, label: `Service account ${name}` }))}
            {...form.getInputProps('serviceAccountId')}
          />
        ) : null}
        <Select label="Expires" data={EXPIRIES} {...form.getInputProps('days')} />
        <FormFoot failure={failure} verb="Create key" busy={busy} onCancel={onCancel} />
      </Stack>
    </form>
  );
}

interface SecretProps {
  readonly secret: string;
  readonly invoke: boolean;
  readonly endpoints: '*' | readonly string[];
  readonly onClose: () => void;
}

function Secret({ secret, invoke, endpoints, onClose }: SecretProps) {
  const all = useQuery({ ...endpointsQuery, enabled: useMay('endpoints.read') });
  const gateway = useQuery({ ...gatewayUrlQuery, enabled: useMay('overview.read') });
  const endpoint = all.data?.find((each) => endpoints === '*' || endpoints.includes(each.id));
  return (
    <div className="bz-secret">
      <p>Copy the secret now. It is stored only as a digest, so nobody can show it again.</p>
      <CodeBlock wrap label="Secret" code={secret} />
      {invoke && endpoint ? (
        <>
          <p className="bz-dim">Try it:</p>
          <CodeBlock
            label="curl"
            code={curlSnippet({
              gatewayUrl: `${gateway.data ?? GATEWAY_PLACEHOLDER}/e/${endpoint.slug}`,
              key: secret,
              model: endpoint.models[0]?.name ?? (endpoint.demo ? 'demo' : 'MODEL'),
            })}
          />
        </>
      ) : null}
      <Group justify="flex-end">
        <Button onClick={onClose}>I have copied it</Button>
      </Group>
    </div>
  );
}
