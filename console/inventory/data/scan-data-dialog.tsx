import { type DataScan, type DatasetVersion, dataScanRoutes } from '@bartizan/contracts';
import { Checkbox, Modal, MultiSelect, Select, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { FormFoot } from '../../ui/form-foot.tsx';

interface ScanDataDialogProps {
  readonly version: DatasetVersion;
  readonly onClose: () => void;
  readonly onStarted: (scan: DataScan) => void;
}

/** Asks what the columns are; what is left open is guessed from the schema. */
export function ScanDataDialog({ version, onClose, onStarted }: ScanDataDialogProps) {
  const client = useQueryClient();
  const columns = (version.schema?.columns ?? []).map(({ name }) => name);
  const [label, setLabel] = useState<string | null>(version.label);
  const [text, setText] = useState<string | null>(null);
  const [features, setFeatures] = useState<string[]>([]);
  const [batch, setBatch] = useState<string | null>(null);
  const [source, setSource] = useState<string | null>(null);
  const [access, setAccess] = useState<string | null>(null);
  const [knowledgeBase, setKnowledgeBase] = useState(false);
  const start = useMutation({
    mutationFn: () =>
      api.call(dataScanRoutes.start, {
        params: { dataset: version.datasetId, version: String(version.number) },
        body: {
          label: label ?? undefined,
          text: text ?? undefined,
          features: features.length > 0 ? features : undefined,
          batch: batch ?? undefined,
          source: source ?? undefined,
          access: access ?? undefined,
          knowledgeBase: knowledgeBase || undefined,
        },
      }),
    onSuccess: async (scan) => {
      await client.invalidateQueries({ queryKey: ['data'] });
      onStarted(scan);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Scan this version" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Stack gap="sm">
          <Select
            label="Label"
            description="Without one, wrong labels and triggers cannot be looked for."
            data={columns}
            clearable
            searchable
            value={label}
            onChange={setLabel}
          />
          <Select
            label="Text"
            description="The column to read, of texts; guessed where empty."
            data={columns}
            clearable
            searchable
            value={text}
            onChange={setText}
          />
          <MultiSelect
            label="Features"
            description="Columns to judge; all where empty."
            data={columns}
            searchable
            value={features}
            onChange={setFeatures}
          />
          <Select
            label="Batch"
            description="Column that names the batch of a record."
            data={columns}
            clearable
            searchable
            value={batch}
            onChange={setBatch}
          />
          <Select
            label="Source"
            description="Column that names the source of a record."
            data={columns}
            clearable
            searchable
            value={source}
            onChange={setSource}
          />
          <Checkbox
            label="Documents for retrieval"
            description="Looks for injected instructions and confidential content."
            checked={knowledgeBase}
            onChange={(event) => setKnowledgeBase(event.currentTarget.checked)}
          />
          {knowledgeBase ? (
            <Select
              label="Access"
              description="Column that says who may read a document."
              data={columns}
              clearable
              searchable
              value={access}
              onChange={setAccess}
            />
          ) : null}
          <FormFoot failure={start.error} verb="Scan" busy={start.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
