import { type DatasetVersion, labellingRoutes } from '@bartizan/contracts';
import { Modal, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { FormFoot } from '../../ui/form-foot.tsx';

const guess = (columns: readonly string[], pattern: RegExp): string | null =>
  columns.find((name) => pattern.test(name)) ?? null;

/** Makes a queue of what annotators dispute, of a version in which each row is one judgement. */
export function AnnotationsDialog({ version, onClose }: { version: DatasetVersion; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const columns = (version.schema?.columns ?? []).map(({ name }) => name);
  const [name, setName] = useState(`Disputed labels of ${version.dataset}@${version.number}`);
  const [item, setItem] = useState(guess(columns, /^(?:item|task|document|image|text|id)/i));
  const [annotator, setAnnotator] = useState(guess(columns, /^(?:annotator|worker|rater|labeller|user)/i));
  const [label, setLabel] = useState(version.label ?? guess(columns, /^(?:label|answer|class)/i));
  const [show, setShow] = useState<string[]>([]);
  const make = useMutation({
    mutationFn: () =>
      api.call(labellingRoutes.create, {
        body: {
          name,
          dataset: version.datasetId,
          version: String(version.number),
          from: {
            kind: 'annotations',
            item: item ?? '',
            annotator: annotator ?? '',
            label: label ?? '',
          },
          ...(show.length > 0 ? { show } : {}),
        },
      }),
    onSuccess: async (queue) => {
      await client.invalidateQueries({ queryKey: ['data', 'queues'] });
      await navigate({ to: '/inventory/datasets/labelling/$id', params: { id: queue.id } });
    },
  });
  const column = (
    title: string,
    description: string,
    value: string | null,
    onChange: (value: string | null) => void,
  ) => (
    <Select
      required
      searchable
      label={title}
      description={description}
      data={columns}
      value={value}
      onChange={onChange}
    />
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title="Have disputed labels decided"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            data-autofocus
            required
            label="Name"
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {column('Item', 'What was labelled; one row is one judgement of it.', item, setItem)}
          {column('Annotator', 'Who labelled it.', annotator, setAnnotator)}
          {column('Label', 'What they said.', label, setLabel)}
          <MultiSelect
            searchable
            label="Shown"
            description="Columns that those who label see. Where none is chosen: the item, and the whole record to those who may read records."
            data={columns}
            value={show}
            maxValues={100}
            onChange={setShow}
          />
          <FormFoot
            failure={make.error}
            verb="Make the queue"
            busy={make.isPending}
            disabled={item === null || annotator === null || label === null}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
