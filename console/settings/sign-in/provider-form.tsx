import { federationRoutes, ROLES, type SsoProvider, SsoProviderInput } from '@bartizan/contracts';
import { Button, Checkbox, Group, PasswordInput, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { CopyableId } from '../../ui/copy.tsx';
import { fieldErrors, validateWith } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';
import { GroupMappings } from './group-mappings.tsx';
import { ProviderTestResult } from './provider-test.tsx';
import { fromProvider, type ProviderValues, toProviderInput } from './provider-values.ts';
import { providersQuery } from './queries.ts';
import { RoleSelect } from './role-select.tsx';

interface ProviderFormProps {
  /** Null for a new one. */
  readonly provider: SsoProvider | null;
  readonly onClose: () => void;
}

/** Everything that is known of an identity provider. */
export function ProviderForm({ provider, onClose }: ProviderFormProps) {
  const client = useQueryClient();
  const providers = useQuery(providersQuery);
  const [id] = useState(() => provider?.id ?? drawId());
  const redirectUri = providers.data?.redirectUri.replace('{id}', id) ?? '';
  const form = useForm<ProviderValues>({
    initialValues: fromProvider(provider),
    validate: (values) => validateWith(SsoProviderInput)(toProviderInput(values)),
  });
  const save = useMutation({
    mutationFn: (values: ProviderValues) => {
      const body = toProviderInput(values);
      return provider === null
        ? api.call(federationRoutes.addProvider, { body: { ...body, id } })
        : api.call(federationRoutes.updateProvider, { params: { id: provider.id }, body });
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: providersQuery.queryKey });
      onClose();
      toast('Identity provider saved');
      await warnUnlessReachable(saved);
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  const test = useMutation({
    mutationFn: () =>
      api.call(federationRoutes.testProvider, {
        body: { issuer: form.values.issuer, allowPrivateNetwork: form.values.allowPrivateNetwork },
      }),
  });
  const check = (name: keyof ProviderValues, label: string, description: string) => (
    <Checkbox
      size="xs"
      label={label}
      description={description}
      {...form.getInputProps(name, { type: 'checkbox' })}
    />
  );
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput
          data-autofocus
          label="Label"
          description="On the button: Sign in with …"
          required
          {...form.getInputProps('label')}
        />
        <TextInput
          label="Issuer"
          description="Exactly as the provider writes it in its discovery document."
          placeholder="https://login.example.com"
          required
          {...form.getInputProps('issuer')}
        />
        <Group>
          <Button
            variant="default"
            size="compact-sm"
            loading={test.isPending}
            disabled={form.values.issuer === ''}
            onClick={() => test.mutate()}
          >
            Test the issuer
          </Button>
        </Group>
        <ProviderTestResult result={test.data} failure={test.error} />
        <div>
          <div className="bz-label">Redirect URI, to be entered at the provider</div>
          <CopyableId value={redirectUri} />
        </div>
        <TextInput label="Client id" required {...form.getInputProps('clientId')} />
        <PasswordInput
          label="Client secret"
          description={
            provider?.hasClientSecret
              ? 'One is stored. Leave this empty to keep it.'
              : 'Empty for a public client, which PKCE alone protects.'
          }
          autoComplete="off"
          {...form.getInputProps('clientSecret')}
        />
        <TagsInput label="Scopes" {...form.getInputProps('scopes')} />
        {check('enabled', 'In use', 'Off, its button is gone and nobody can sign in with it.')}
        {check(
          'allowPrivateNetwork',
          'In a private network',
          'Lets Bartizan reach an issuer at a private address.',
        )}
        <h3>Who gets in</h3>
        {check('createPeople', 'Make accounts', 'For people who sign in for the first time.')}
        {check(
          'linkByEmail',
          'Link by e-mail',
          'An account that was invited or provisioned, and never signed in to, by its verified address.',
        )}
        <TagsInput
          label="E-mail domains"
          description="Only addresses of these may be made or linked, and only when the provider says that they are verified."
          placeholder="example.com"
          {...form.getInputProps('emailDomains')}
        />
        {check(
          'vouchesForEmail',
          'Vouches for these addresses',
          'For a directory of your own that gives the addresses out itself.',
        )}
        <RoleSelect
          label="Roles of a new account"
          description="When no group gives any."
          roles={ROLES}
          {...form.getInputProps('defaultRoles')}
        />
        <h3>Groups</h3>
        <GroupMappings
          mappings={form.values.groups}
          errors={form.errors}
          onChange={(groups) => form.setFieldValue('groups', groups)}
        />
        {check(
          'groupsRequired',
          'A mapped group is needed',
          'Who is in none of them gets no access, and loses the access they had.',
        )}
        <Group grow align="start">
          <TextInput label="Claim with the groups" {...form.getInputProps('claims.groups')} />
          <TextInput label="Claim with the e-mail" {...form.getInputProps('claims.email')} />
          <TextInput label="Claim that it is verified" {...form.getInputProps('claims.emailVerified')} />
        </Group>
        {check('userInfo', 'Read UserInfo too', 'Some providers put groups only there.')}
        <h3>Second factor</h3>
        {check(
          'trustedForMfa',
          'Trust its second factor',
          'A sign-in in which it says that it used several factors needs none here.',
        )}
        {form.values.trustedForMfa ? (
          <Group grow align="start">
            <TagsInput label="Values of amr that count" {...form.getInputProps('mfaAmr')} />
            <TagsInput label="Values of acr that count" {...form.getInputProps('mfaAcr')} />
          </Group>
        ) : null}
        <FormFoot failure={save.error} verb="Save" busy={save.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}

/** A random UUID; `crypto.randomUUID` is there only on pages with https. */
function drawId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Says so when the provider that was just saved cannot be reached: nobody could sign in with it. */
async function warnUnlessReachable({ label, issuer, allowPrivateNetwork }: SsoProvider): Promise<void> {
  const body = { issuer, allowPrivateNetwork };
  const { ok, steps } = await api.call(federationRoutes.testProvider, { body });
  const failed = steps.find((step) => !step.ok);
  if (!ok) toastFailure(new Error(`${label} is saved, but does not answer as it should: ${failed?.message}`));
}
