import { COLLECTION_METHODS, type Source, SourceInput, sourceRoutes } from '@bartizan/contracts';
import { Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { fieldErrors, validateWith } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { toast } from '../../ui/toast.ts';

const TEXTS = ['name', 'owner', 'method', 'url', 'license', 'consent', 'contact', 'description'] as const;

/** Registers a source, or describes one anew. */
export function SourceDialog({ source, onClose }: { source: Source | null; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<Record<(typeof TEXTS)[number], string>>({
    initialValues: {
      name: source?.name ?? '',
      owner: source?.owner ?? '',
      method: source?.method ?? 'export',
      url: source?.url ?? '',
      license: source?.license ?? '',
      consent: source?.consent ?? '',
      contact: source?.contact ?? '',
      description: source?.description ?? '',
    },
    validate: validateWith(SourceInput.omit({ teamId: true })),
  });
  const save = useMutation({
    mutationFn: (values: typeof form.values) => {
      const body = SourceInput.omit({ teamId: true }).parse(values);
      return source === null
        ? api.call(sourceRoutes.create, { body })
        : api.call(sourceRoutes.update, { params: { id: source.id }, body });
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['data'] });
      toast(
        source === null ? `${saved.name} is registered; somebody else says how far it is trusted` : 'Saved',
      );
      onClose();
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={source === null ? 'Register a source' : source.name}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <TextInput
            data-autofocus
            required
            label="Name"
            placeholder="Loan office export"
            {...form.getInputProps('name')}
          />
          <TextInput
            required
            label="Owner"
            description="The person or team that answers for it."
            {...form.getInputProps('owner')}
          />
          <Select
            label="Collected by"
            data={COLLECTION_METHODS.map((value) => ({ value, label: value.replaceAll('-', ' ') }))}
            allowDeselect={false}
            {...form.getInputProps('method')}
          />
          <TextInput label="Address" placeholder="https://" {...form.getInputProps('url')} />
          <TextInput
            label="Licence"
            description="As an SPDX expression, or in words."
            {...form.getInputProps('license')}
          />
          <TextInput
            label="Ground"
            description="On what records of people are used: consent, contract, law."
            {...form.getInputProps('consent')}
          />
          <TextInput label="Contact" {...form.getInputProps('contact')} />
          <Textarea label="Description" autosize minRows={2} {...form.getInputProps('description')} />
          <FormFoot
            failure={save.error}
            verb={source === null ? 'Register this source' : 'Save'}
            busy={save.isPending}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
