import { scanRoutes, type WeightReport } from '@bartizan/contracts';
import { Switch } from '@mantine/core';
import { IconChartDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { BaseComparison } from './base-comparison.tsx';
import { NumbersTable } from './numbers-table.tsx';

/** The numbers of the weights, tensor by tensor, with what is odd about them, and how they differ from the base's. */
export function WeightsTab({ versionId }: { versionId: string }) {
  const query = useQuery({
    queryKey: ['scans', 'weights', versionId],
    queryFn: ({ signal }) => api.call(scanRoutes.weights, { params: { id: versionId }, signal }),
  });
  return (
    <QueryView query={query}>
      {({ items, base }) =>
        items.length === 0 && base === null ? (
          <EmptyState icon={IconChartDots} title="No weights were measured">
            Numbers are read from safetensors and ONNX files. In pickled models they are not: save the weights
            as safetensors to have them looked at.
          </EmptyState>
        ) : (
          <>
            {base === null ? null : <BaseComparison comparison={base} />}
            {items.map((report) => (
              <Report key={report.path} report={report} />
            ))}
          </>
        )
      }
    </QueryView>
  );
}

function Report({ report }: { report: WeightReport }) {
  const odd = report.tensors.filter(({ notes }) => notes.length > 0);
  const [onlyOdd, setOnlyOdd] = useState(odd.length > 0);
  const shown = onlyOdd ? odd : report.tensors;
  return (
    <Section
      flush
      title={report.path}
      description={`${formatNoun(report.total, 'tensor')}; something is odd about ${formatCount(odd.length)}.${report.total > report.tensors.length ? ` ${formatCount(report.tensors.length)} are listed, what is odd before the others.` : ''}`}
      actions={
        odd.length > 0 ? (
          <Switch
            size="xs"
            label="Only what is odd"
            checked={onlyOdd}
            onChange={(event) => setOnlyOdd(event.currentTarget.checked)}
          />
        ) : null
      }
    >
      <NumbersTable
        label={report.path}
        last="What is odd"
        all={report.tensors}
        rows={shown.map((tensor) => ({ ...tensor, said: tensor.notes.join('; ') }))}
      />
    </Section>
  );
}
