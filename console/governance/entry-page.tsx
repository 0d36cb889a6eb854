import { auditRoutes, type EntryWithProof } from '@bartizan/contracts';
import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { CodeBlock, CopyableId } from '../ui/copy.tsx';
import { Facts, Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { proves } from './proves.ts';
import './governance.css';

const route = getRouteApi('/house/governance/audit/$id');

/** One entry, and the proof that it is in the log; the browser computes the proof itself. */
export function AuditEntryPage() {
  const { id } = route.useParams();
  const query = useQuery({
    queryKey: ['audit', 'entry', id],
    queryFn: ({ signal }) => api.call(auditRoutes.entry, { params: { id }, signal }),
  });
  return (
    <Gate permission="audit.read">
      <QueryView query={query}>{(found) => <Detail found={found} />}</QueryView>
    </Gate>
  );
}

function Detail({ found }: { found: EntryWithProof }) {
  const { entry, inclusion } = found;
  return (
    <Page
      title={entry.action}
      above={<Link to="/governance/audit">Audit log</Link>}
      description={
        <>
          {entry.actor.name}, <RelativeTime at={entry.at} />
        </>
      }
    >
      <Section title="Entry">
        <Facts
          items={[
            [
              'Who',
              <>
                {entry.actor.name} ({entry.actor.kind}) <CopyableId value={entry.actor.id} />
              </>,
            ],
            ['What', <code key="what">{entry.action}</code>],
            ['About', <CopyableId key="about" value={entry.subject} />],
            ...(entry.purpose === null ? [] : ([['Reason', entry.purpose]] as const)),
            ['Id', <CopyableId key="id" value={entry.id} />],
            ['Place in the log', inclusion === null ? 'waits for one' : String(inclusion.index)],
          ]}
        />
        <div style={{ marginTop: 12 }}>
          <CodeBlock wrap label="Detail" code={JSON.stringify(entry.detail, null, 2)} />
        </div>
      </Section>
      <Section
        title="Proof"
        description="Computed by your browser from the bytes of the entry, up to the root that the log's key has signed."
      >
        {inclusion === null ? (
          <p className="bz-dim">The entry has no place yet; it gets one within moments.</p>
        ) : (
          <ProofState found={found} />
        )}
      </Section>
      {inclusion === null ? null : (
        <Section title="For checking it elsewhere">
          <h3>Bytes that are hashed</h3>
          <CodeBlock wrap label="Leaf" code={found.leaf} />
          <h3>Way to the root (RFC 6962)</h3>
          <CodeBlock wrap label="Inclusion proof" code={inclusion.proof.join('\n')} />
          <h3>Signed checkpoint</h3>
          <CodeBlock wrap label="Checkpoint" code={found.checkpoint ?? ''} />
        </Section>
      )}
    </Page>
  );
}

function ProofState({ found }: { found: EntryWithProof }) {
  const [result, setResult] = useState<boolean | null>(null);
  useEffect(() => {
    let gone = false;
    void proves(found).then((answer) => {
      if (!gone) setResult(answer);
    });
    return () => {
      gone = true;
    };
  }, [found]);
  if (result === null) return <p className="bz-dim">Computing…</p>;
  return result ? (
    <Alert color="green" variant="light" role="status" title="The entry is in the log, unaltered">
      Its hash leads to the root of the checkpoint of size {found.inclusion?.size}.
    </Alert>
  ) : (
    <Alert color="red" variant="light" role="alert" title="The proof does not hold">
      What is shown here is not what the log's key signed. Export the log and verify it with the command line,
      and treat this as an incident.
    </Alert>
  );
}
