import { auditRoutes, type Witness } from '@bartizan/contracts';
import { Button, Checkbox, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { fieldErrors } from '../ui/form.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { formatCount } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { RelativeTime } from '../ui/time.tsx';

/** Others who cosign checkpoints, so that even we could not show two histories. */
export function Witnesses({ witnesses, size }: { witnesses: readonly Witness[]; size: number }) {
  const client = useQueryClient();
  const mayManage = useMay('audit.manage');
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Witness | null>(null);
  return (
    <Section
      flush
      title="Witnesses"
      description="Somebody else who cosigns checkpoints. With one, a rewritten history shows even to those who trust nobody here."
      actions={
        mayManage ? (
          <Button variant="default" onClick={() => setAdding(true)}>
            Add a witness
          </Button>
        ) : null
      }
    >
      {witnesses.length === 0 ? (
        <p className="bz-dim" style={{ padding: '0 16px 16px' }}>
          None yet.
        </p>
      ) : (
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">Witness</th>
              <th scope="col">Has cosigned</th>
              <th scope="col">Last</th>
              <th scope="col">
                <span className="bz-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {witnesses.map((witness) => (
              <tr key={witness.id}>
                <td>
                  <b>{witness.name}</b>
                  <div className="bz-dim">{witness.url ?? 'fetches checkpoints itself'}</div>
                  {witness.problem === null ? null : <div className="bz-error">{witness.problem}</div>}
                </td>
                <td>
                  {witness.lastSize === null
                    ? 'nothing yet'
                    : `${formatCount(witness.lastSize)} of ${formatCount(size)} entries`}
                </td>
                <td>
                  <RelativeTime at={witness.lastAt} never="–" />
                </td>
                <td className="bz-num">
                  {mayManage ? (
                    <Button size="compact-xs" variant="default" onClick={() => setRemoving(witness)}>
                      Remove
                    </Button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Modal
        opened={adding}
        onClose={() => setAdding(false)}
        title="Add a witness"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <AddForm onClose={() => setAdding(false)} />
      </Modal>
      <Confirm
        opened={removing !== null}
        title={`Remove the witness ${removing?.name ?? ''}?`}
        verb="Remove this witness"
        onClose={() => setRemoving(null)}
        onConfirm={async () => {
          if (removing) await api.call(auditRoutes.removeWitness, { params: { id: removing.id } });
          await client.invalidateQueries({ queryKey: ['audit'] });
        }}
      >
        <p>Its word counts no more. What it cosigned stays.</p>
      </Confirm>
    </Section>
  );
}

function AddForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({ initialValues: { verifierKey: '', url: '', allowPrivateNetwork: false } });
  const add = useMutation({
    mutationFn: ({ verifierKey, url, allowPrivateNetwork }: typeof form.values) =>
      api.call(auditRoutes.addWitness, {
        body: { verifierKey: verifierKey.trim(), url: url.trim() || null, allowPrivateNetwork },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['audit'] });
      onClose();
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => add.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput
          data-autofocus
          label="Verifier key"
          description="As the witness publishes it."
          placeholder="witness.example.com/w1+1a2b3c4d+BASE64"
          required
          {...form.getInputProps('verifierKey')}
        />
        <TextInput
          label="Address"
          description="Checkpoints are sent there (tlog-witness). Empty when it fetches them itself."
          placeholder="https://witness.example.com"
          {...form.getInputProps('url')}
        />
        <Checkbox
          size="xs"
          label="In a private network"
          {...form.getInputProps('allowPrivateNetwork', { type: 'checkbox' })}
        />
        <FormFoot failure={add.error} verb="Add the witness" busy={add.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}
