import { type FindingDetail, scanRoutes } from '@bartizan/contracts';
import { Alert, Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { CopyableId } from '../ui/copy.tsx';
import { formatCount, formatDay } from '../ui/format.ts';
import { Facts, Page, Section, Tag } from '../ui/page.tsx';
import { SeverityBadge } from '../ui/severity.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { AcceptDialog } from './accept-dialog.tsx';
import { modelQuery, versionQuery } from './model-queries.ts';
import './models.css';

const route = getRouteApi('/house/inventory/models/$id/versions/$version/findings/$finding');

/** One finding: what, where, why it matters, what to do, and the bytes that it rests on. */
export function FindingPage() {
  return (
    <Gate permission="models.read">
      <OneFinding />
    </Gate>
  );
}

function OneFinding() {
  const { id, version, finding } = route.useParams();
  const model = useQuery(modelQuery(id));
  const owner = useQuery(versionQuery(id, Number(version)));
  const versionId = owner.data?.id;
  const query = useQuery({
    queryKey: ['scans', 'finding', versionId, finding],
    queryFn: ({ signal }) =>
      api.call(scanRoutes.finding, { params: { id: versionId ?? '', finding }, signal }),
    enabled: versionId !== undefined,
  });
  const above = (
    <>
      <Link to="/inventory/models">Models</Link> /{' '}
      <Link to="/inventory/models/$id" params={{ id }}>
        {model.data?.name ?? 'Model'}
      </Link>{' '}
      /{' '}
      <Link
        to="/inventory/models/$id/versions/$version"
        params={{ id, version }}
        search={{ tab: 'findings' }}
      >
        Version {version}
      </Link>
    </>
  );
  if (owner.isError) return <QueryView query={owner}>{() => null}</QueryView>;
  return (
    <QueryView query={query}>
      {(detail) => (
        <Page
          narrow
          title={detail.title}
          above={above}
          heading={
            <>
              {detail.title} <SeverityBadge severity={detail.severity} />
            </>
          }
          description={detail.message}
          actions={<Acts versionId={versionId ?? ''} detail={detail} />}
        >
          <Accepted detail={detail} />
          <Evidence detail={detail} />
          <Section title="Why it matters">
            <div className="bz-plain">
              <p>{detail.why}</p>
              {detail.capabilityText ? <p>What is called {detail.capabilityText}.</p> : null}
            </div>
          </Section>
          <Section title="What to do">
            <div className="bz-plain">
              <p>{detail.advice}</p>
              <p className="bz-dim">
                Wrong? Whoever may manage models can accept the finding with a reason; it stays on record and
                counts again when that ends.
              </p>
            </div>
          </Section>
          <Where detail={detail} />
          <Earlier detail={detail} />
        </Page>
      )}
    </QueryView>
  );
}

function Evidence({ detail }: { detail: FindingDetail }) {
  const details = Object.entries(detail.details);
  return (
    <Section
      title="Evidence"
      description="Read from the file, never run. The marked line is where the finding lies."
    >
      {detail.call ? (
        <pre className="bz-call" tabIndex={0} aria-label="The call as the loader would make it">
          <code>{detail.call}</code>
        </pre>
      ) : null}
      {detail.excerpt.length > 0 ? <Excerpt lines={detail.excerpt} offset={detail.offset} /> : null}
      {details.length > 0 ? (
        <Facts
          items={details.map(([name, value]) => [name, <code key={name}>{String(value)}</code>] as const)}
        />
      ) : null}
      {!detail.call && detail.excerpt.length === 0 && details.length === 0 ? (
        <p className="bz-dim">The message above is all that there is to show.</p>
      ) : null}
    </Section>
  );
}

/** A scanner marks the line of the finding with `>`; otherwise it is the one that begins with its offset. */
export function markedLine(lines: readonly string[], offset: number): number {
  const marked = lines.findIndex((line) => line.startsWith('>'));
  if (marked !== -1) return marked;
  return lines.findIndex((line) => Number.parseInt(line.trim(), 10) === offset);
}

function Excerpt({ lines, offset }: { lines: readonly string[]; offset: number }) {
  const marked = markedLine(lines, offset);
  return (
    <div className="bz-excerpt" tabIndex={0} role="region" aria-label="Excerpt around the finding">
      {lines.map((line, index) => (
        // Lines never move: their place is their identity.
        <div key={index} data-marked={index === marked} aria-current={index === marked ? 'true' : undefined}>
          {line.replace(/^>/, ' ')}
        </div>
      ))}
    </div>
  );
}

function Where({ detail }: { detail: FindingDetail }) {
  const [shown, setShown] = useState(10);
  return (
    <Section title="Where">
      <Facts
        items={[
          [
            detail.files.length === 1 ? 'File' : 'Files',
            <span key="files" className="bz-wrap">
              {detail.files.slice(0, shown).map((file) => (
                <div key={file} className="bz-mono">
                  {file}
                </div>
              ))}
              {detail.files.length > shown ? (
                <Button variant="subtle" size="compact-xs" onClick={() => setShown(detail.files.length)}>
                  Show all {formatCount(detail.files.length)}
                </Button>
              ) : null}
            </span>,
          ],
          ...(detail.member
            ? ([['Inside', <code key="member">{detail.member.split('!').join(' › ')}</code>]] as const)
            : []),
          ['Byte offset', `${formatCount(detail.offset)} (0x${detail.offset.toString(16)})`],
          ['Content', <CopyableId key="sha" value={detail.sha256} />],
          ['Check', `${detail.checkTitle} (${detail.check})`],
          ['Scanner', detail.scanner],
          ['First seen', <RelativeTime key="seen" at={detail.firstSeenAt} />],
          [
            'Frameworks',
            detail.maps.length === 0 ? (
              '–'
            ) : (
              <span key="maps" className="bz-tags">
                {detail.maps.map((each) => (
                  <Tag
                    key={`${each.framework}${each.id}`}
                    title={`${each.framework} ${each.edition}: ${each.name}`}
                  >
                    {each.id}
                  </Tag>
                ))}
              </span>
            ),
          ],
        ]}
      />
    </Section>
  );
}

function Accepted({ detail: { acceptance } }: { detail: FindingDetail }) {
  if (!acceptance) return null;
  return (
    <Alert color="yellow" variant="light" title={`Accepted by ${acceptance.by}`} mb="md">
      <div className="bz-wrap">{acceptance.reason}</div>
      <div className="bz-dim">
        <RelativeTime at={acceptance.at} />
        {acceptance.expiresAt === null ? '' : `; counts again from ${formatDay(acceptance.expiresAt)} on`}
      </div>
    </Alert>
  );
}

const ENDED = {
  expired: 'ran out',
  withdrawn: 'was withdrawn',
  worse: 'ended because the finding became graver',
} as const;

function Earlier({ detail: { earlier } }: { detail: FindingDetail }) {
  if (earlier.length === 0) return null;
  return (
    <Section title="Accepted before">
      {earlier.map((each) => (
        <p key={each.id}>
          {each.by}: {each.reason}{' '}
          <span className="bz-dim">
            ({ENDED[each.ended]} <RelativeTime at={each.endedAt} />)
          </span>
        </p>
      ))}
    </Section>
  );
}

function Acts({ versionId, detail }: { versionId: string; detail: FindingDetail }) {
  const client = useQueryClient();
  const mayManage = useMay('models.manage');
  const [opened, setOpened] = useState<'accept' | 'withdraw' | null>(null);
  if (!mayManage || detail.severity === 'info') return null;
  const params = { id: versionId, finding: detail.id };
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['scans'] }),
      client.invalidateQueries({ queryKey: ['models'] }),
    ]);
  return (
    <>
      {detail.acceptance ? (
        <Button variant="default" onClick={() => setOpened('withdraw')}>
          Withdraw the acceptance
        </Button>
      ) : (
        <Button variant="default" onClick={() => setOpened('accept')}>
          Accept this finding
        </Button>
      )}
      <AcceptDialog
        opened={opened === 'accept'}
        quarantines={detail.quarantines}
        onClose={() => setOpened(null)}
        onAccept={async (body) => {
          await api.call(scanRoutes.accept, { params, body });
          await refresh();
        }}
      />
      <Confirm
        opened={opened === 'withdraw'}
        title="Withdraw the acceptance?"
        verb="Withdraw"
        onClose={() => setOpened(null)}
        onConfirm={async () => {
          await api.call(scanRoutes.withdraw, { params });
          await refresh();
        }}
      >
        <p>
          The finding counts again at once.
          {detail.quarantines ? ' The version goes back into quarantine and its files are refused.' : ''}
        </p>
      </Confirm>
    </>
  );
}
