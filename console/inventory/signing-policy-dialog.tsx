import { type SigningPolicy, type SigningPolicyInput, signingRoutes } from '@bartizan/contracts';
import { Checkbox, Modal, MultiSelect, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { toast } from '../ui/toast.ts';
import { signersQuery } from './model-queries.ts';

type Stage = 'staging' | 'production';

interface Values {
  readonly name: string;
  readonly models: string[];
  readonly isSigned: boolean;
  readonly signedBy: string[];
  readonly isBuilt: boolean;
  readonly builtBy: string[];
  readonly mode: 'warn' | 'enforce';
  readonly stages: Stage[];
  readonly aliases: string[];
  readonly downloads: boolean;
}

const valuesOf = (policy: SigningPolicy | null): Values => ({
  name: policy?.name ?? '',
  models: policy?.models ?? ['*'],
  isSigned: policy === null || policy.requires.signedBy !== null,
  signedBy: policy?.requires.signedBy ?? [],
  isBuilt: (policy?.requires.builtBy ?? null) !== null,
  builtBy: policy?.requires.builtBy ?? [],
  mode: policy?.mode ?? 'warn',
  stages: policy?.stages ?? ['production'],
  aliases: policy?.aliases ?? [],
  downloads: policy?.downloads ?? false,
});

const inputOf = (values: Values, teamId: string | null): SigningPolicyInput => ({
  name: values.name,
  teamId,
  models: values.models,
  requires: {
    signedBy: values.isSigned ? values.signedBy : null,
    builtBy: values.isBuilt ? values.builtBy : null,
  },
  mode: values.mode,
  stages: values.stages,
  aliases: values.aliases,
  downloads: values.downloads,
});

interface PolicyDialogProps {
  readonly opened: boolean;
  readonly policy: SigningPolicy | null;
  readonly onClose: () => void;
}

/** What versions need before they are used. */
export function PolicyDialog({ opened, policy, onClose }: PolicyDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={policy === null ? 'Ask for signatures' : policy.name}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <PolicyForm key={policy?.updatedAt ?? 0} policy={policy} onClose={onClose} />
    </Modal>
  );
}

function PolicyForm({ policy, onClose }: Omit<PolicyDialogProps, 'opened'>) {
  const client = useQueryClient();
  const signers = useQuery(signersQuery);
  const [values, setValues] = useState(valuesOf(policy));
  const change = (next: Partial<Values>) => setValues((before) => ({ ...before, ...next }));
  const save = useMutation({
    mutationFn: () => {
      const body = inputOf(values, policy?.teamId ?? null);
      return policy === null
        ? api.call(signingRoutes.addPolicy, { body })
        : api.call(signingRoutes.updatePolicy, { params: { id: policy.id }, body });
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['signing'] });
      toast(`${saved.name} saved`);
      onClose();
    },
  });
  const trusted = (signers.data ?? []).filter(({ revoked }) => revoked === null);
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
          placeholder="Production is signed"
          maxLength={200}
          value={values.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <TagsInput
          label="For models"
          description="Names, with * for any run of characters."
          value={values.models}
          onChange={(models) => change({ models })}
        />
        <Switch
          label="It is signed"
          checked={values.isSigned}
          onChange={(event) => change({ isSigned: event.currentTarget.checked })}
        />
        {values.isSigned ? (
          <MultiSelect
            label="By"
            description="None chosen means any trusted signer."
            data={trusted.map(({ id, name }) => ({ value: id, label: name }))}
            value={values.signedBy}
            onChange={(signedBy) => change({ signedBy })}
          />
        ) : null}
        <Switch
          label="It has provenance"
          description="Signed by a trusted signer, and naming one of these builders."
          checked={values.isBuilt}
          onChange={(event) => change({ isBuilt: event.currentTarget.checked })}
        />
        {values.isBuilt ? (
          <TagsInput
            required
            label="Builders"
            description="As the provenance names them, with * for any run of characters."
            value={values.builtBy}
            onChange={(builtBy) => change({ builtBy })}
          />
        ) : null}
        <Select
          label="Otherwise"
          data={[
            { value: 'warn', label: 'Show it, refuse nothing' },
            { value: 'enforce', label: 'Refuse what is chosen below' },
          ]}
          value={values.mode}
          allowDeselect={false}
          onChange={(mode) => change({ mode: mode === 'enforce' ? 'enforce' : 'warn' })}
        />
        <Checkbox.Group
          label="Stages"
          value={values.stages}
          onChange={(stages) => change({ stages: stages as Stage[] })}
        >
          <Stack gap={4} mt={4}>
            <Checkbox value="staging" label="Staging" />
            <Checkbox value="production" label="Production" />
          </Stack>
        </Checkbox.Group>
        <TagsInput label="Aliases" value={values.aliases} onChange={(aliases) => change({ aliases })} />
        <Checkbox
          label="Downloads"
          description="Its files are given to nobody until it is fulfilled."
          checked={values.downloads}
          onChange={(event) => change({ downloads: event.currentTarget.checked })}
        />
        <FormFoot failure={save.error} verb="Save" busy={save.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}
