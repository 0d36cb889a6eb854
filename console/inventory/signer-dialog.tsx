import { type SignerInput, signingRoutes } from '@bartizan/contracts';
import { Modal, SegmentedControl, Select, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { teamsQuery } from '../app/queries.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { toast } from '../ui/toast.ts';

type Kind = SignerInput['trust']['type'];

interface Values {
  readonly name: string;
  readonly kind: Kind;
  readonly publicKey: string;
  readonly roots: string;
  readonly trustedRoot: string;
  readonly identities: string[];
  readonly issuer: string;
  readonly models: string[];
  readonly teamId: string;
}

const EMPTY: Values = {
  name: '',
  kind: 'key',
  publicKey: '',
  roots: '',
  trustedRoot: '',
  identities: [],
  issuer: '',
  models: ['*'],
  teamId: '',
};

function trustOf(values: Values): SignerInput['trust'] {
  const { kind, publicKey, roots, trustedRoot, identities, issuer } = values;
  if (kind === 'key') return { type: 'key', publicKey };
  if (kind === 'certificate') return { type: 'certificate', roots, identities };
  return { type: 'sigstore', trustedRoot, identities, issuer };
}

/** Has somebody's signatures count. */
export function SignerDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Trust a signer"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <SignerForm onClose={onClose} />
    </Modal>
  );
}

function SignerForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const teams = useQuery(teamsQuery);
  const [values, setValues] = useState<Values>(EMPTY);
  const change = (next: Partial<Values>) => setValues((before) => ({ ...before, ...next }));
  const save = useMutation({
    mutationFn: () =>
      api.call(signingRoutes.addSigner, {
        body: {
          name: values.name,
          models: values.models,
          teamId: values.teamId === '' ? null : values.teamId,
          trust: trustOf(values),
        },
      }),
    onSuccess: async (signer) => {
      await client.invalidateQueries({ queryKey: ['signing'] });
      await client.invalidateQueries({ queryKey: ['models'] });
      toast(`${signer.name} is trusted; ${signer.versions} versions are vouched for`);
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          data-autofocus
          required
          label="Name"
          placeholder="Release team"
          maxLength={200}
          value={values.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <div>
          <div className="bz-label" id="signer-kind">
            Known by
          </div>
          <SegmentedControl
            aria-labelledby="signer-kind"
            value={values.kind}
            onChange={(kind) => change({ kind: kind as Kind })}
            data={[
              { value: 'key', label: 'Public key' },
              { value: 'certificate', label: 'Certificate' },
              { value: 'sigstore', label: 'Sigstore identity' },
            ]}
          />
        </div>
        <TrustFields values={values} onChange={change} />
        <TagsInput
          label="For models"
          description="Names, with * for any run of characters."
          value={values.models}
          onChange={(models) => change({ models })}
        />
        <Select
          label="Team"
          data={[
            { value: '', label: 'Models of everybody and of every team' },
            ...(teams.data ?? []).map(({ id, name }) => ({ value: id, label: `Only models of ${name}` })),
          ]}
          value={values.teamId}
          allowDeselect={false}
          onChange={(teamId) => change({ teamId: teamId ?? '' })}
        />
        <FormFoot failure={save.error} verb="Trust this signer" busy={save.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}

function TrustFields({ values, onChange }: { values: Values; onChange: (next: Partial<Values>) => void }) {
  const mono = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } };
  if (values.kind === 'key')
    return (
      <Textarea
        required
        label="Public key"
        description="PEM of an elliptic-curve key: P-256, P-384 or P-521."
        placeholder="-----BEGIN PUBLIC KEY-----"
        autosize
        minRows={4}
        maxRows={10}
        styles={mono}
        value={values.publicKey}
        onChange={(event) => onChange({ publicKey: event.currentTarget.value })}
      />
    );
  const identities = (
    <TagsInput
      required={values.kind === 'sigstore'}
      label="Identities"
      description={
        values.kind === 'sigstore'
          ? 'E-mail addresses or URIs, with * for any run of characters.'
          : 'E-mail addresses or URIs in the certificate, with * for any run of characters; none means anybody that these authorities vouch for.'
      }
      value={[...values.identities]}
      onChange={(next) => onChange({ identities: next })}
    />
  );
  if (values.kind === 'certificate')
    return (
      <>
        <Textarea
          required
          label="Certificates of the authorities"
          description="PEM, one after the other."
          placeholder="-----BEGIN CERTIFICATE-----"
          autosize
          minRows={4}
          maxRows={10}
          styles={mono}
          value={values.roots}
          onChange={(event) => onChange({ roots: event.currentTarget.value })}
        />
        {identities}
      </>
    );
  return (
    <>
      <Textarea
        required
        label="Trusted root"
        description="The JSON of your Sigstore instance, or of the public one (trusted_root.json)."
        autosize
        minRows={4}
        maxRows={10}
        styles={mono}
        value={values.trustedRoot}
        onChange={(event) => onChange({ trustedRoot: event.currentTarget.value })}
      />
      <TextInput
        required
        label="Issuer"
        description="Of their sign-in, exactly."
        placeholder="https://token.actions.githubusercontent.com"
        value={values.issuer}
        onChange={(event) => onChange({ issuer: event.currentTarget.value })}
      />
      {identities}
    </>
  );
}
