import { type AuditStatus, auditRoutes } from '@bartizan/contracts';
import { Alert } from '@mantine/core';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { CodeBlock, CopyableId } from '../ui/copy.tsx';
import { formatCount } from '../ui/format.ts';
import { Facts, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { Breaks } from './breaks.tsx';
import { SigningKey } from './signing-key.tsx';
import { VerificationPanel } from './verification-panel.tsx';
import { Witnesses } from './witnesses.tsx';

export const auditStatusQuery = queryOptions({
  queryKey: ['audit', 'status'],
  queryFn: ({ signal }) => api.call(auditRoutes.status, { signal }),
  refetchInterval: 3_000,
});

/** How the log stands, and in plain words what it proves and what not. */
export function Proof() {
  const query = useQuery(auditStatusQuery);
  return (
    <QueryView query={query}>
      {(status) => (
        <>
          {status.state === 'stopped' ? (
            <Alert
              color="red"
              variant="light"
              role="alert"
              mb="md"
              title="New entries get no place in the log"
            >
              {status.problem}
            </Alert>
          ) : null}
          <Breaks breaks={status.breaks} />
          <Standing status={status} />
          <VerificationPanel verification={status.verification} />
          <PlainWords status={status} />
          <Witnesses witnesses={status.witnesses} size={status.size} />
          <SigningKey current={status.key} />
        </>
      )}
    </QueryView>
  );
}

function Standing({ status }: { status: AuditStatus }) {
  return (
    <Section title="The log now">
      <Facts
        items={[
          ['Entries', formatCount(status.size)],
          [
            'Waiting for a place',
            status.waiting.entries === 0 ? 'none' : formatCount(status.waiting.entries),
          ],
          ['Last checkpoint', <RelativeTime key="at" at={status.checkpoint?.at ?? null} never="none yet" />],
          ['Root', <CopyableId key="root" value={status.root} />],
          ['Name of the log', <CopyableId key="origin" value={status.origin} />],
          [
            'Kept outside the database',
            status.remembered === null ? (
              'nothing yet'
            ) : (
              <span key="kept">
                checkpoint of {formatCount(status.remembered.size)} entries,{' '}
                <RelativeTime at={status.remembered.at} />
              </span>
            ),
          ],
        ]}
      />
    </Section>
  );
}

/** What an auditor may conclude, and what not. */
function PlainWords({ status }: { status: AuditStatus }) {
  return (
    <Section title="In plain words">
      <div className="bz-plain">
        <p>
          Every entry is hashed into a tree, and the tree's root is signed. Whoever changes, removes, adds or
          moves an entry afterwards, even an administrator of the database, changes the root: the signed one
          no longer fits, and verification names the first entry that is not as it was.
        </p>
        <p>
          An entry gets its place moments after it is written. Somebody who holds the database could remove it
          in that moment; once it has a place, not any more.
        </p>
        <p>
          Somebody who holds the database <b>and</b> the master key could write another history and sign it.
          What then still tells is a checkpoint that they do not hold: a witness's cosignature, an export, or
          the checkpoint that the command line remembers.
        </p>
        <p>Check it yourself, without trusting this page. Note the key down somewhere else first:</p>
        <CodeBlock
          wrap
          label="Command"
          code={`npx bartizan audit verify bartizan-audit.jsonl${status.key === null ? '' : ` --key '${status.key.verifierKey}'`}`}
        />
      </div>
    </Section>
  );
}
