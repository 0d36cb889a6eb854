import { type DatasetVersion, type DataVerification, datasetRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { IconAlertOctagon, IconCircleCheck, IconHelpCircle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { CopyableId } from '../../ui/copy.tsx';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatBytes, formatCount, formatNoun } from '../../ui/format.ts';
import { Facts, Section } from '../../ui/page.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { Badge } from '../../ui/verdict.tsx';
import { FORMAT_WORDS } from './data-words.tsx';

const POLL_MS = 1_500;
const MOST_LISTED = 200;

/** Where its records came from, and whether they are still what they were. */
export function AboutVersion({ version }: { version: DatasetVersion }) {
  return (
    <div className="bz-version-columns">
      <div>
        <Verifications version={version} />
        <Origins version={version} />
      </div>
      <Section title="Facts">
        <Facts
          items={[
            ['Merkle root', version.root ? <CopyableId key="root" value={version.root} /> : 'not read yet'],
            [
              'Schema',
              version.schemaDigest ? <CopyableId key="schema" value={version.schemaDigest} short /> : '',
            ],
            ['Measured by', version.measuredBy === 'server' ? 'this server' : 'the client that pushed it'],
            [
              'Content',
              version.content === 'here'
                ? `here, ${formatBytes(version.bytes)}`
                : version.content === 'elsewhere'
                  ? (version.location ?? 'elsewhere')
                  : 'removed',
            ],
            ['Format', FORMAT_WORDS[version.format]],
            ['Pushed', <RelativeTime key="at" at={version.createdAt} />],
            ['By', version.createdBy.name],
            ['Why', version.reason || <span className="bz-dim">not said</span>],
            [
              'Made from',
              version.parent === null ? (
                <span className="bz-dim">nothing here</span>
              ) : (
                <Link
                  key="parent"
                  to="/inventory/datasets/$id/versions/$version"
                  params={{ id: version.datasetId, version: String(version.parent.number) }}
                >
                  version {version.parent.number}
                </Link>
              ),
            ],
          ]}
        />
      </Section>
    </div>
  );
}

function Origins({ version }: { version: DatasetVersion }) {
  return (
    <Section title="Where its records came in" flush>
      {version.origins.length === 0 ? (
        <p className="bz-dim" style={{ padding: 16 }}>
          Told once the records were read.
        </p>
      ) : (
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Source</th>
              <th scope="col">Batch</th>
              <th scope="col" className="bz-num">
                Records
              </th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {version.origins.slice(0, MOST_LISTED).map((origin) => (
              <tr key={`${origin.versionId} ${origin.batch} ${origin.source?.name}`}>
                <td>
                  <Link
                    to="/inventory/datasets/$id/versions/$version"
                    params={{ id: version.datasetId, version: String(origin.number) }}
                  >
                    {origin.number}
                  </Link>
                </td>
                <td className="bz-wrap">
                  {origin.source?.name ?? <span className="bz-dim">not named</span>}
                </td>
                <td className="bz-wrap">{origin.batch ?? <span className="bz-dim">not named</span>}</td>
                <td className="bz-num">{formatCount(origin.rows)}</td>
                <td>
                  <RelativeTime at={origin.at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

/** Reads everything again and holds it against the audit log. */
function Verifications({ version }: { version: DatasetVersion }) {
  const client = useQueryClient();
  const [chosen, setChosen] = useState<string | null>(null);
  const params = { dataset: version.datasetId, version: String(version.number) };
  const list = useQuery({
    queryKey: ['data', 'verifications', version.id],
    queryFn: async ({ signal }) =>
      (await api.call(datasetRoutes.verifications, { params, query: { limit: 5 }, signal })).items,
    refetchInterval: ({ state }) => (state.data?.some((each) => each.state === 'running') ? POLL_MS : false),
  });
  const verify = useMutation({
    mutationFn: () => api.call(datasetRoutes.verify, { params }),
    onSuccess: async (made) => {
      setChosen(made.id);
      await client.invalidateQueries({ queryKey: ['data', 'verifications', version.id] });
    },
  });
  const id = chosen ?? list.data?.[0]?.id ?? null;
  return (
    <Section
      title="Tampering"
      description="Reads the stored records again and compares them, their hashes and the database with the audit log."
      actions={
        version.root === null ? null : (
          <Button loading={verify.isPending} onClick={() => verify.mutate()}>
            Verify now
          </Button>
        )
      }
    >
      <FailureNote failure={verify.error ?? list.error} />
      {id === null ? (
        <p className="bz-dim">Never verified.</p>
      ) : (
        <OneVerification version={version} id={id} />
      )}
    </Section>
  );
}

function OneVerification({ version, id }: { version: DatasetVersion; id: string }) {
  const query = useQuery({
    queryKey: ['data', 'verification', id],
    queryFn: ({ signal }) =>
      api.call(datasetRoutes.verification, {
        params: { dataset: version.datasetId, version: String(version.number), id },
        signal,
      }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
  });
  return query.data === undefined ? null : <Verdict verification={query.data} />;
}

function Verdict({ verification }: { verification: DataVerification }) {
  const { state, rows, tamperings, counts, notes, startedAt, by, failure, contentRead, progress } =
    verification;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const when = (
    <>
      <p className="bz-dim">
        <RelativeTime at={startedAt} /> by {by.name}
        {contentRead ? '' : '; the content is not here, hashes and the database were compared'}
      </p>
      {notes.map((note) => (
        <p key={note} className="bz-dim">
          Not checked: {note}
        </p>
      ))}
    </>
  );
  if (state === 'running')
    return (
      <p className="bz-dim" role="status">
        Reading{progress ? `: ${formatCount(progress.rows)} records so far` : ''}.
      </p>
    );
  if (state === 'error')
    return (
      <>
        <Badge mark={{ word: 'It could not be told', icon: IconHelpCircle, tone: 'hold' }} />
        <p style={{ marginTop: 8 }}>{failure}</p>
        {when}
      </>
    );
  if (state === 'intact')
    return (
      <>
        <Badge
          mark={
            contentRead
              ? { word: 'Nothing was changed', icon: IconCircleCheck, tone: 'allow' }
              : { word: 'Records not read', icon: IconHelpCircle, tone: 'hold' }
          }
        />
        <p style={{ marginTop: 8 }}>
          {contentRead
            ? rows === null
              ? ''
              : `All ${formatNoun(rows, 'record')} are what they were.`
            : 'Hashes and the database are what they were. The records are not here: bartizan data verify --against compares a copy.'}
        </p>
        {when}
      </>
    );
  return (
    <>
      <Badge mark={{ word: `${formatNoun(total, 'change')} found`, icon: IconAlertOctagon, tone: 'block' }} />
      {when}
      <table className="bz-table" style={{ marginTop: 8 }}>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" className="bz-num">
              Row then
            </th>
            <th scope="col" className="bz-num">
              Row now
            </th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {tamperings.slice(0, MOST_LISTED).map((each) => (
            <tr key={`${each.kind} ${each.was} ${each.now} ${each.where} ${each.message}`}>
              <td>{each.kind.replaceAll('-', ' ')}</td>
              <td className="bz-num">{each.was === null ? '' : formatCount(each.was)}</td>
              <td className="bz-num">{each.now === null ? '' : formatCount(each.now)}</td>
              <td className="bz-wrap">{each.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > MOST_LISTED ? (
        <Group>
          <span className="bz-dim">and {formatCount(total - MOST_LISTED)} more</span>
        </Group>
      ) : null}
    </>
  );
}
