import { type ArtifactEntry, type RunDetail, runRoutes } from '@bartizan/contracts';
import { Button, SegmentedControl } from '@mantine/core';
import { IconDownload, IconFile, IconFolder } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { formatBytes } from '../ui/format.ts';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { toastFailure } from '../ui/toast.ts';
import { download } from './download.ts';

const OF_RUN = '';

/** Files and folders of a run and of the models that it logged. */
export function RunArtifacts({ run }: { run: RunDetail }) {
  const [root, setRoot] = useState(run.artifacts.files === 0 ? (run.models[0]?.id ?? OF_RUN) : OF_RUN);
  const [path, setPath] = useState('');
  const model = root === OF_RUN ? undefined : root;
  const query = useQuery({
    queryKey: ['runs', run.id, 'artifacts', root, path],
    queryFn: async ({ signal }) =>
      (await api.call(runRoutes.artifacts, { params: { id: run.id }, query: { model, path }, signal })).items,
  });
  return (
    <>
      {run.models.length > 0 ? (
        <div className="bz-filters">
          <SegmentedControl
            size="xs"
            aria-label="Files of"
            data={[
              { value: OF_RUN, label: 'The run' },
              ...run.models.map(({ id, name }) => ({ value: id, label: `Model ${name}` })),
            ]}
            value={root}
            onChange={(value) => {
              setRoot(value);
              setPath('');
            }}
          />
        </div>
      ) : null}
      <nav aria-label="Folder" style={{ marginBottom: 8 }}>
        <Crumbs path={path} onOpen={setPath} />
      </nav>
      <QueryView query={query}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState icon={IconFolder} title="There are no files here" />
          ) : (
            <Entries run={run} model={model} items={items} onOpen={setPath} />
          )
        }
      </QueryView>
    </>
  );
}

function Crumbs({ path, onOpen }: { path: string; onOpen: (path: string) => void }) {
  const parts = path === '' ? [] : path.split('/');
  return (
    <>
      <Button variant="subtle" size="compact-xs" onClick={() => onOpen('')}>
        All files
      </Button>
      {parts.map((part, index) => (
        <span key={parts.slice(0, index + 1).join('/')}>
          /
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => onOpen(parts.slice(0, index + 1).join('/'))}
          >
            {part}
          </Button>
        </span>
      ))}
    </>
  );
}

interface EntriesProps {
  readonly run: RunDetail;
  readonly model: string | undefined;
  readonly items: readonly ArtifactEntry[];
  readonly onOpen: (path: string) => void;
}

function Entries({ run, model, items, onOpen }: EntriesProps) {
  const mayDownload = useMay('models.download');
  return (
    <div className="bz-list">
      <table className="bz-table bz-narrow">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="bz-num">
              Size
            </th>
            <th scope="col">
              <span className="bz-hidden">Download</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((entry) => {
            const name = entry.path.split('/').at(-1) ?? entry.path;
            return (
              <tr key={entry.path}>
                <td className="bz-wrap">
                  {entry.folder ? (
                    <Button
                      variant="subtle"
                      size="compact-sm"
                      leftSection={<IconFolder size={14} />}
                      onClick={() => onOpen(entry.path)}
                    >
                      {name}
                    </Button>
                  ) : (
                    <>
                      <IconFile size={14} aria-hidden /> {name}
                    </>
                  )}
                </td>
                <td className="bz-num">{entry.folder ? '–' : formatBytes(entry.sizeBytes)}</td>
                <td className="bz-num">
                  {entry.folder || !mayDownload ? null : (
                    <Button
                      variant="subtle"
                      size="compact-xs"
                      aria-label={`Download ${name}`}
                      leftSection={<IconDownload size={14} />}
                      onClick={() =>
                        void download(
                          api.stream(runRoutes.artifact, {
                            params: { id: run.id },
                            query: { path: entry.path, ...(model ? { model } : {}) },
                          }),
                          name,
                        ).catch(toastFailure)
                      }
                    >
                      Download
                    </Button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
