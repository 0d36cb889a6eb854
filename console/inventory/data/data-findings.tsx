import { type DataFinding, type DataScan, type DatasetVersion, dataScanRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { NoteDialog } from '../../ui/note-dialog.tsx';
import { Section, Tag } from '../../ui/page.tsx';
import { SeverityBadge } from '../../ui/severity.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { evidenceWords } from './evidence-words.ts';
import { QuarantineDialog } from './quarantine-dialog.tsx';

interface FindingsProps {
  readonly findings: readonly DataFinding[];
  readonly scan: DataScan;
  readonly version: DatasetVersion;
}

const MOST_ROWS = 20;

/** What a scan found, the worst first. */
export function DataFindings({ findings, scan, version }: FindingsProps) {
  if (findings.length === 0)
    return (
      <EmptyState icon={IconShieldCheck} title="Nothing was found">
        What the scan could not look for stands below.
      </EmptyState>
    );
  return (
    <>
      {findings.map((finding) => (
        <Finding key={finding.number} finding={finding} scan={scan} version={version} />
      ))}
    </>
  );
}

function Finding({ finding, scan, version }: { finding: DataFinding } & Omit<FindingsProps, 'findings'>) {
  const client = useQueryClient();
  const mayManage = useMay('data.manage');
  const [decision, setDecision] = useState<'confirmed' | 'dismissed' | null>(null);
  const [isTaking, setIsTaking] = useState(false);
  const { precision } = finding;
  return (
    <Section
      title={finding.title}
      description={<code>{finding.check}</code>}
      actions={
        <Group gap="xs">
          {finding.decision === 'open' ? null : (
            <Tag title={finding.note ?? undefined}>
              {finding.decision === 'confirmed' ? 'confirmed' : 'false alarm'}
              {finding.decidedBy ? ` by ${finding.decidedBy}` : ''}
            </Tag>
          )}
          <SeverityBadge severity={finding.severity} />
        </Group>
      }
    >
      <p className="bz-wrap">{finding.message}</p>
      {finding.count === 0 ? null : (
        <p className="bz-dim" style={{ marginTop: 6 }}>
          {formatNoun(finding.count, 'record')}
          {precision === null
            ? '; how many are truly bad cannot be told'
            : `, about ${(precision.value * 100).toFixed(0)}% of them truly bad (95% interval ${(precision.low * 100).toFixed(0)} to ${(precision.high * 100).toFixed(0)}%)`}
          .
        </p>
      )}
      {Object.keys(finding.evidence).length > 0 ? (
        <div className="bz-data-evidence" style={{ marginTop: 6 }}>
          {Object.entries(finding.evidence).map(([key, value]) => {
            const words = evidenceWords(key, value);
            return (
              <span key={key} className="bz-wrap" title={key}>
                <span className="bz-dim">{words.name}</span> {words.value}
              </span>
            );
          })}
        </div>
      ) : null}
      {finding.rows.length > 0 ? (
        <p style={{ marginTop: 6 }}>
          <span className="bz-dim">Rows</span>{' '}
          {finding.rows.slice(0, MOST_ROWS).map((row, index) => (
            <span key={row}>
              {index === 0 ? '' : ', '}
              <Link
                to="/inventory/datasets/$id/versions/$version"
                params={{ id: version.datasetId, version: String(version.number) }}
                search={{ tab: 'records', row: String(row) }}
              >
                {formatCount(row)}
              </Link>
            </span>
          ))}
          {finding.count > MOST_ROWS ? (
            <span className="bz-dim"> and {formatCount(finding.count - MOST_ROWS)} more</span>
          ) : null}
        </p>
      ) : null}
      <Group gap={4} mt="sm">
        {finding.maps.map(({ framework, edition, id }) => (
          <Tag key={`${framework} ${id}`} title={`${framework} ${edition}`}>
            {id}
          </Tag>
        ))}
        <span style={{ flex: 1 }} />
        {mayManage ? (
          <>
            {finding.count > 0 && version.content === 'here' ? (
              <Button size="compact-sm" onClick={() => setIsTaking(true)}>
                Take these records out
              </Button>
            ) : null}
            {finding.decision === 'confirmed' ? null : (
              <Button size="compact-sm" variant="default" onClick={() => setDecision('confirmed')}>
                Confirm
              </Button>
            )}
            {finding.decision === 'dismissed' ? null : (
              <Button size="compact-sm" variant="default" onClick={() => setDecision('dismissed')}>
                False alarm
              </Button>
            )}
          </>
        ) : null}
      </Group>
      <NoteDialog
        opened={decision !== null}
        title={decision === 'confirmed' ? 'Confirm the finding' : 'Call it a false alarm'}
        label="Why"
        description="The reason goes on record."
        verb={decision === 'confirmed' ? 'Confirm' : 'False alarm'}
        onClose={() => setDecision(null)}
        onSave={async (note) => {
          if (decision === null) return;
          await api.call(dataScanRoutes.decide, {
            params: { id: scan.id, number: finding.number },
            body: { decision, note },
          });
          await client.invalidateQueries({ queryKey: ['data', 'scan', scan.id] });
        }}
      />
      {isTaking ? (
        <QuarantineDialog
          version={version}
          selection={{ by: 'finding', scan: scan.id, finding: finding.number }}
          onClose={() => setIsTaking(false)}
        />
      ) : null}
    </Section>
  );
}
