import { type Sink, SinkInput, sinkRoutes } from '@bartizan/contracts';
import { Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { fieldErrors, validateWith } from '../../ui/form.ts';
import { formatMs } from '../../ui/format.ts';
import { toast } from '../../ui/toast.ts';
import { SinkFilterFields } from './sink-filter-fields.tsx';
import { SinkTargetFields } from './sink-target-fields.tsx';
import { fromSink, type SinkValues, toSinkInput } from './sink-values.ts';

interface SinkDialogProps {
  readonly opened: boolean;
  /** Null for a new one. */
  readonly sink: Sink | null;
  readonly onClose: () => void;
}

export function SinkDialog({ opened, sink, onClose }: SinkDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={sink === null ? 'Add a sink' : `Change ${sink.name}`}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <SinkForm sink={sink} onClose={onClose} />
    </Modal>
  );
}

/** Where the server's name for a field differs from the form's. */
const FIELDS: Readonly<Record<string, keyof SinkValues>> = {
  'target.url': 'url',
  'target.host': 'host',
  'target.port': 'port',
  'target.name': 'file',
  'target.username': 'username',
  'target.password': 'secret',
  'target.token': 'secret',
  'target.index': 'index',
  'target.ca': 'ca',
  'target.allowPrivateNetwork': 'allowPrivateNetwork',
  'target.allowPlaintext': 'allowPlaintext',
};
const renamed = (errors: Readonly<Record<string, React.ReactNode>>) =>
  Object.fromEntries(Object.entries(errors).map(([path, error]) => [FIELDS[path] ?? path, error]));

function SinkForm({ sink, onClose }: Omit<SinkDialogProps, 'opened'>) {
  const client = useQueryClient();
  const form = useForm<SinkValues>({
    initialValues: fromSink(sink),
    validate: (values) => renamed(validateWith(SinkInput)(toSinkInput(values, sink))),
  });
  const onError = (failure: unknown) => form.setErrors(renamed(fieldErrors(failure)));
  const save = useMutation({
    mutationFn: (values: SinkValues) => {
      const body = toSinkInput(values, sink);
      return sink === null
        ? api.call(sinkRoutes.create, { body })
        : api.call(sinkRoutes.update, { params: { id: sink.id }, body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sinks'] });
      onClose();
      toast('Sink saved');
    },
    onError,
  });
  const test = useMutation({
    mutationFn: () =>
      api.call(sinkRoutes.tryOut, {
        body: {
          sinkId: sink?.id,
          sink: toSinkInput({ ...form.values, name: form.values.name || 'Test' }, sink),
        },
      }),
    onError,
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput data-autofocus label="Name" required {...form.getInputProps('name')} />
        <SinkTargetFields form={form} stored={sink} />
        <SinkFilterFields form={form} />
        {test.data ? (
          <Alert color={test.data.ok ? 'green' : 'red'} variant="light" role="status" py="xs">
            {test.data.ok
              ? `The receiver took the test event in ${formatMs(test.data.latencyMs)}.`
              : test.data.message}
            {test.data.answer ? <pre className="bz-mono">{test.data.answer}</pre> : null}
          </Alert>
        ) : null}
        <FailureNote failure={save.error ?? test.error} />
        <Group justify="flex-end" gap="xs">
          <Button
            variant="default"
            loading={test.isPending}
            onClick={() => {
              if (!form.validate().hasErrors || form.values.name === '') test.mutate();
            }}
          >
            Send a test event
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
