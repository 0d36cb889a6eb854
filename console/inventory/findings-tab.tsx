import { FINDING_TEXTS, type ScanFinding, scanRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconDownload, IconShieldCheck } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { ChoiceChip } from '../ui/filter-chip.tsx';
import { formatCount } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { LoadMore } from '../ui/load-more.tsx';
import { Tag } from '../ui/page.tsx';
import { SEVERITY_MARKS, SEVERITY_ORDER, SeverityBadge, type SeverityName } from '../ui/severity.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import { toastFailure } from '../ui/toast.ts';
import { download } from './download.ts';

export interface FindingsSearch {
  readonly severity?: string | undefined;
  readonly accepted?: string | undefined;
  readonly file?: string | undefined;
}

interface FindingsProps {
  readonly versionId: string;
  readonly modelId: string;
  readonly version: number;
  readonly search: FindingsSearch;
  readonly onSearch: (next: FindingsSearch) => void;
}

const listOf = (value: string | undefined): string[] => (value ? value.split(',') : []);

/** What was found in a version, the worst first. */
export function FindingsTab({ versionId, modelId, version, search, onSearch }: FindingsProps) {
  const severity = listOf(search.severity) as SeverityName[];
  const accepted = search.accepted === 'yes' || search.accepted === 'no' ? search.accepted : undefined;
  const query = useInfiniteQuery({
    queryKey: ['scans', 'findings', versionId, search.severity, accepted, search.file],
    queryFn: ({ pageParam, signal }) =>
      api.call(scanRoutes.findings, {
        params: { id: versionId },
        query: {
          severity: severity.length > 0 ? severity : undefined,
          accepted,
          file: search.file,
          cursor: pageParam ?? undefined,
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = severity.length > 0 || accepted !== undefined || search.file !== undefined;
  return (
    <>
      <div className="bz-filters">
        <ChoiceChip
          name="Severity"
          choices={SEVERITY_ORDER.map((value) => ({ value, label: SEVERITY_MARKS[value].word }))}
          value={severity}
          onChange={(value) => onSearch({ ...search, severity: value.join(',') || undefined })}
        />
        <ChoiceChip
          name="Accepted"
          choices={[
            { value: 'yes', label: 'Accepted' },
            { value: 'no', label: 'Not accepted' },
          ]}
          value={accepted ? [accepted] : []}
          onChange={(value) => onSearch({ ...search, accepted: value.at(-1) })}
        />
        {search.file === undefined ? null : (
          <Button variant="default" size="xs" onClick={() => onSearch({ ...search, file: undefined })}>
            Only {search.file}: show all files
          </Button>
        )}
        <span style={{ flex: 1 }} />
        <Button
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} />}
          onClick={() =>
            void download(
              api.stream(scanRoutes.sarif, { params: { id: versionId } }),
              `version-${version}.sarif`,
            ).catch(toastFailure)
          }
        >
          SARIF
        </Button>
      </div>
      {query.isPending ? <ListSkeleton /> : null}
      {query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : null}
      {query.isSuccess && items.length === 0 ? (
        <EmptyState icon={IconShieldCheck} title={isFiltered ? 'Nothing matches' : 'Nothing was found'}>
          {isFiltered ? 'Clear a filter to see more.' : 'The scan found nothing in this version.'}
        </EmptyState>
      ) : null}
      {items.length > 0 ? <FindingTable items={items} modelId={modelId} version={version} /> : null}
      <LoadMore query={query} shown={items.length} verb="Load more" />
    </>
  );
}

function FindingTable({
  items,
  modelId,
  version,
}: {
  items: readonly ScanFinding[];
  modelId: string;
  version: number;
}) {
  const navigate = useNavigate();
  const paramsOf = (finding: string) => ({ id: modelId, version: String(version), finding });
  const open = (finding: string) =>
    void navigate({
      to: '/inventory/models/$id/versions/$version/findings/$finding',
      params: paramsOf(finding),
    });
  const { selected } = useKeyboardList({
    length: items.length,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">What</th>
            <th scope="col">Where</th>
            <th scope="col" className="bz-num">
              Offset
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((finding, index) => (
            <tr
              key={finding.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(finding.id)}
            >
              <td>
                <SeverityBadge severity={finding.severity} />
                {finding.acceptance ? (
                  <div>
                    <Tag title={finding.acceptance.reason}>accepted</Tag>
                  </div>
                ) : null}
              </td>
              <td>
                <Link
                  className="bz-row-link"
                  to="/inventory/models/$id/versions/$version/findings/$finding"
                  params={paramsOf(finding.id)}
                >
                  {FINDING_TEXTS[finding.kind].title}
                </Link>
                <div className="bz-wrap">
                  {finding.call ? (
                    <code>{finding.call}</code>
                  ) : (
                    <span className="bz-dim">{finding.message}</span>
                  )}
                </div>
              </td>
              <td className="bz-wrap">
                {finding.files[0]}
                {finding.files.length > 1 ? (
                  <span className="bz-dim"> and {formatCount(finding.files.length - 1)} more</span>
                ) : null}
                {finding.member ? <div className="bz-dim bz-mono">{finding.member}</div> : null}
              </td>
              <td className="bz-num bz-mono">{formatCount(finding.offset)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
