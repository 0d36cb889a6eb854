import type { VersionSummary } from '@bartizan/contracts';
import { Link, useNavigate } from '@tanstack/react-router';
import { formatBytes, formatNoun } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { Tag } from '../ui/page.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { SIGNATURE_TITLES, STAGE_TITLES } from './stages.ts';

/** Versions of a model, as they are given. */
export function VersionTable({ items, modelId }: { items: readonly VersionSummary[]; modelId: string }) {
  const navigate = useNavigate();
  const paramsOf = (version: number) => ({ id: modelId, version: String(version) });
  const open = (version: number) =>
    void navigate({ to: '/inventory/models/$id/versions/$version', params: paramsOf(version) });
  const { selected } = useKeyboardList({
    length: items.length,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item.version);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Verdict</th>
            <th scope="col">Stage and aliases</th>
            <th scope="col">Signature</th>
            <th scope="col">Files</th>
            <th scope="col">From</th>
            <th scope="col">Made</th>
          </tr>
        </thead>
        <tbody>
          {items.map((version, index) => (
            <tr
              key={version.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(version.version)}
            >
              <td>
                <Link
                  className="bz-row-link"
                  to="/inventory/models/$id/versions/$version"
                  params={paramsOf(version.version)}
                >
                  Version {version.version}
                </Link>
                {version.description ? <div className="bz-dim bz-clip">{version.description}</div> : null}
              </td>
              <td>
                <VersionVerdict version={version} />
              </td>
              <td>
                <span className="bz-tags">
                  {version.stage === 'none' ? null : <Tag>{STAGE_TITLES[version.stage]}</Tag>}
                  {version.aliases.map((alias) => (
                    <Tag key={alias}>{alias}</Tag>
                  ))}
                </span>
              </td>
              <td>
                {SIGNATURE_TITLES[version.signatures.state]}
                {version.signatures.signers.length > 0 ? (
                  <div className="bz-dim">{version.signatures.signers.join(', ')}</div>
                ) : null}
              </td>
              <td>
                {formatNoun(version.files.count, 'file')}, {formatBytes(version.files.bytes)}
                <div className="bz-dim">{version.formats.slice(0, 3).join(', ')}</div>
              </td>
              <td>
                {version.runId === null ? (
                  'an upload'
                ) : (
                  <Link to="/inventory/models/runs/$id" params={{ id: version.runId }}>
                    a run
                  </Link>
                )}
              </td>
              <td>
                {version.createdBy}
                <div className="bz-dim">
                  <RelativeTime at={version.createdAt} />
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is to be known first of a version: its status while it has no files, otherwise its scan. */
function VersionVerdict({ version }: { version: VersionSummary }) {
  if (version.status === 'pending') return <span className="bz-dim">its files are still coming</span>;
  if (version.status === 'failed')
    return (
      <span title={version.statusMessage}>failed: {version.statusMessage || 'its files never came'}</span>
    );
  const { state, verdict, quarantined } = version.scan;
  return (
    <>
      <ScanBadge verdict={verdict ?? state} />
      {quarantined ? <div className="bz-dim">in quarantine</div> : null}
    </>
  );
}
