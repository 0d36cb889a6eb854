import { scanRoutes, type WeightReport } from '@bartizan/contracts';
import { Switch } from '@mantine/core';
import { IconChartDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { formatMetric } from './metrics.ts';

/** The numbers of the weights, tensor by tensor, with what is odd about them. */
export function WeightsTab({ versionId }: { versionId: string }) {
  const query = useQuery({
    queryKey: ['scans', 'weights', versionId],
    queryFn: async ({ signal }) =>
      (await api.call(scanRoutes.weights, { params: { id: versionId }, signal })).items,
  });
  return (
    <QueryView query={query}>
      {(reports) =>
        reports.length === 0 ? (
          <EmptyState icon={IconChartDots} title="No weights were measured">
            Numbers are read from safetensors and ONNX files. In pickled models they are not: save the weights
            as safetensors to have them looked at.
          </EmptyState>
        ) : (
          reports.map((report) => <Report key={report.path} report={report} />)
        )
      }
    </QueryView>
  );
}

function Report({ report }: { report: WeightReport }) {
  const odd = report.tensors.filter(({ notes }) => notes.length > 0);
  const [onlyOdd, setOnlyOdd] = useState(odd.length > 0);
  const shown = onlyOdd ? odd : report.tensors;
  const columns = [...new Set(report.tensors.flatMap(({ numbers }) => Object.keys(numbers)))];
  return (
    <Section
      flush
      title={report.path}
      description={`${formatNoun(report.total, 'tensor')}; something is odd about ${formatCount(odd.length)}.${report.total > report.tensors.length ? ` The first ${formatCount(report.tensors.length)} are listed.` : ''}`}
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
      <div style={{ overflowX: 'auto', maxHeight: 560 }} tabIndex={0} role="region" aria-label={report.path}>
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">Tensor</th>
              <th scope="col">Type</th>
              <th scope="col">Shape</th>
              {columns.map((column) => (
                <th key={column} scope="col" className="bz-num">
                  {column}
                </th>
              ))}
              <th scope="col">What is odd</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((tensor) => (
              <tr key={tensor.name}>
                <td className="bz-mono bz-wrap">{tensor.name}</td>
                <td>{tensor.type}</td>
                <td className="bz-nowrap">{tensor.shape.join(' × ') || 'scalar'}</td>
                {columns.map((column) => {
                  const value = tensor.numbers[column];
                  return (
                    <td key={column} className="bz-num">
                      {value === undefined ? '' : value === null ? 'not finite' : formatMetric(value)}
                    </td>
                  );
                })}
                <td>{tensor.notes.join('; ') || <span className="bz-dim">–</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
