import { type CorrectionDataset, correctionDatasetRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconDownload, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { askPurpose } from '../app/purpose-dialog.tsx';
import { useMay } from '../app/session.ts';
import { download } from '../inventory/download.ts';
import { CopyableId } from '../ui/copy.tsx';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';

/** Versions of the dataset of corrections, which the training recipe reads. */
export function Datasets() {
  const client = useQueryClient();
  const mayManage = useMay('detector.manage');
  const query = useQuery({
    queryKey: ['detector', 'datasets'],
    queryFn: async ({ signal }) =>
      (await api.call(correctionDatasetRoutes.list, { query: {}, signal })).items,
  });
  const make = useMutation({
    mutationFn: () => api.call(correctionDatasetRoutes.create, { body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['detector', 'datasets'] }),
    onError: toastFailure,
  });
  const button = mayManage ? (
    <Button
      size="xs"
      leftSection={<IconPlus size={14} />}
      loading={make.isPending}
      onClick={() => make.mutate()}
    >
      Make a version
    </Button>
  ) : null;
  return (
    <Section
      flush
      title="Datasets"
      description="What was settled when a version was made. It never changes, and the training recipe reads it."
      actions={query.data?.length ? button : null}
    >
      <QueryView query={query}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState title="No version yet" action={button}>
              Make one when enough corrections are settled, and build the next model with it.
            </EmptyState>
          ) : (
            <Table items={items} />
          )
        }
      </QueryView>
    </Section>
  );
}

const inWords = (counts: CorrectionDataset['counts']['label']): string =>
  Object.entries(counts)
    .map(([name, count]) => `${formatCount(count)} ${name}`)
    .join(', ');

function Table({ items }: { items: readonly CorrectionDataset[] }) {
  const mayExport = useMay('interactions.export');
  const fetchRows = async (version: number) => {
    const purpose = await askPurpose('You are about to download texts that people corrected.');
    if (purpose === null) return;
    try {
      await download(
        api.stream(correctionDatasetRoutes.rows, { params: { version }, purpose }),
        'corrections.jsonl',
      );
    } catch (failure) {
      toastFailure(failure);
    }
  };
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col">Rows</th>
          <th scope="col">Languages</th>
          <th scope="col">Made</th>
          <th scope="col">
            <span className="bz-hidden">Download</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((each) => (
          <tr key={each.version}>
            <td>
              <b>{each.version}</b>
              <div>
                <CopyableId value={each.sha256} short />
              </div>
            </td>
            <td>
              {inWords(each.counts.label) || '0'}
              <div className="bz-dim">
                {each.readable < each.rows
                  ? `${formatNoun(each.rows - each.readable, 'text')} forgotten since. `
                  : ''}
                {each.conflicting > 0 ? `${formatCount(each.conflicting)} left out: people disagree.` : ''}
              </div>
            </td>
            <td className="bz-wrap">{inWords(each.counts.lang)}</td>
            <td>
              {each.by.name}
              <div className="bz-dim">
                <RelativeTime at={each.at} />
              </div>
            </td>
            <td className="bz-num">
              {mayExport ? (
                <Button
                  size="compact-sm"
                  variant="default"
                  leftSection={<IconDownload size={14} />}
                  onClick={() => void fetchRows(each.version)}
                >
                  Download
                </Button>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
