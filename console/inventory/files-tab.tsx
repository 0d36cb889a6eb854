import { type ScannedFile, scanRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconFile } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { CopyableId } from '../ui/copy.tsx';
import { formatBytes, formatCount, formatMs } from '../ui/format.ts';
import { LoadMore } from '../ui/load-more.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';

interface FilesProps {
  readonly versionId: string;
  /** Shows the findings of one file. */
  readonly onFindings: (path: string) => void;
}

/** The files of a version with what each came to, the worst first. */
export function FilesTab({ versionId, onFindings }: FilesProps) {
  const query = useInfiniteQuery({
    queryKey: ['scans', 'files', versionId],
    queryFn: ({ pageParam, signal }) =>
      api.call(scanRoutes.files, {
        params: { id: versionId },
        query: { cursor: pageParam ?? undefined, limit: 100 },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <ListSkeleton />;
  if (query.isError && items.length === 0)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (items.length === 0) return <EmptyState icon={IconFile} title="This version has no files" />;
  return (
    <>
      <div className="bz-list">
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">Verdict</th>
              <th scope="col">File</th>
              <th scope="col">Format</th>
              <th scope="col" className="bz-num">
                Size
              </th>
              <th scope="col" className="bz-num">
                Scanned in
              </th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {items.map((file) => (
              <FileRow key={file.path} file={file} onFindings={onFindings} />
            ))}
          </tbody>
        </table>
      </div>
      <LoadMore query={query} shown={items.length} verb="Load more" />
    </>
  );
}

function FileRow({ file, onFindings }: { file: ScannedFile; onFindings: (path: string) => void }) {
  const found = Object.values(file.severities).reduce((sum, count) => sum + count, 0);
  return (
    <tr>
      <td>
        <ScanBadge verdict={file.verdict} />
      </td>
      <td className="bz-wrap">
        {file.path}
        {found > 0 ? (
          <div>
            <Button variant="subtle" size="compact-xs" onClick={() => onFindings(file.path)}>
              {formatCount(found)} {found === 1 ? 'finding' : 'findings'}
            </Button>
          </div>
        ) : null}
        {file.errors.map((error) => (
          <div key={`${error.member}${error.offset}${error.message}`} className="bz-dim">
            {error.message}
            {error.member ? ` (in ${error.member})` : ''}
          </div>
        ))}
      </td>
      <td>{file.format || '–'}</td>
      <td className="bz-num">{formatBytes(file.size)}</td>
      <td className="bz-num">{formatMs(file.durationMs)}</td>
      <td>
        <CopyableId value={file.sha256} short />
      </td>
    </tr>
  );
}
