import { type SigningPolicy, signingRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { IconPlus, IconShieldCheck } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { signersQuery, signingPoliciesQuery } from './model-queries.ts';
import { PolicyDialog } from './signing-policy-dialog.tsx';

/** What versions need before they are used. */
export function Policies() {
  const query = useQuery(signingPoliciesQuery);
  const mayManage = useMay('models.manage');
  const [opened, setOpened] = useState<SigningPolicy | 'new' | null>(null);
  const add = mayManage ? (
    <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => setOpened('new')}>
      Ask for signatures
    </Button>
  ) : null;
  return (
    <Section
      flush
      title="What is asked for"
      description="What a version needs before it gets a stage or alias, or is given out."
      actions={query.data?.length ? add : null}
    >
      <QueryView query={query}>
        {(policies) =>
          policies.length === 0 ? (
            <EmptyState icon={IconShieldCheck} title="Nothing is asked for yet" action={add}>
              For example: what goes to production is signed by the release team, and was built by your
              pipeline.
            </EmptyState>
          ) : (
            <PolicyTable policies={policies} mayManage={mayManage} onOpen={setOpened} />
          )
        }
      </QueryView>
      <PolicyDialog
        opened={opened !== null}
        policy={opened === 'new' ? null : opened}
        onClose={() => setOpened(null)}
      />
    </Section>
  );
}

function PolicyTable({
  policies,
  mayManage,
  onOpen,
}: {
  policies: readonly SigningPolicy[];
  mayManage: boolean;
  onOpen: (policy: SigningPolicy) => void;
}) {
  const client = useQueryClient();
  const signers = useQuery(signersQuery);
  const [removing, setRemoving] = useState<SigningPolicy | null>(null);
  const nameOf = (id: string) => signers.data?.find((signer) => signer.id === id)?.name ?? 'a signer';
  return (
    <>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">For models</th>
            <th scope="col">Asks for</th>
            <th scope="col">Otherwise</th>
            <th scope="col">
              <span className="bz-hidden">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {policies.map((policy) => (
            <tr key={policy.id}>
              <td>
                <b>{policy.name}</b>
              </td>
              <td className="bz-wrap">{policy.models.join(', ')}</td>
              <td>
                {policy.requires.signedBy === null ? null : (
                  <div>
                    signed by{' '}
                    {policy.requires.signedBy.length === 0
                      ? 'any trusted signer'
                      : policy.requires.signedBy.map(nameOf).join(' or ')}
                  </div>
                )}
                {policy.requires.builtBy === null ? null : (
                  <div className="bz-wrap">built by {policy.requires.builtBy.join(' or ')}</div>
                )}
              </td>
              <td>
                {policy.mode === 'warn' ? 'only shown' : 'refused: '}
                {policy.mode === 'warn' ? null : refused(policy)}
              </td>
              <td>
                {mayManage ? (
                  <Group gap={4} justify="flex-end" wrap="nowrap">
                    <Button size="compact-xs" variant="subtle" onClick={() => onOpen(policy)}>
                      Change
                    </Button>
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      color="red"
                      onClick={() => setRemoving(policy)}
                    >
                      Remove
                    </Button>
                  </Group>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Confirm
        opened={removing !== null}
        title={`Remove ${removing?.name ?? ''}?`}
        verb="Remove it"
        onClose={() => setRemoving(null)}
        onConfirm={async () => {
          if (removing === null) return;
          await api.call(signingRoutes.removePolicy, { params: { id: removing.id } });
          await client.invalidateQueries({ queryKey: ['signing'] });
        }}
      >
        <p>
          {formatNoun(removing?.models.length ?? 0, 'pattern')} of names: those models need no signature on
          its account any more.
        </p>
      </Confirm>
    </>
  );
}

const refused = ({ stages, aliases, downloads }: SigningPolicy): string =>
  [...stages, ...aliases, ...(downloads ? ['downloads'] : [])].join(', ') || 'nothing';
