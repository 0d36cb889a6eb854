import type { PolicySummary } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconPlus, IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Gate } from '../app/gate.tsx';
import { endpointsQuery, policiesQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { Page } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { ModeBadge } from './mode.tsx';
import './protection.css';

export function PoliciesPage() {
  const mayManage = useMay('policies.manage');
  const query = useQuery(policiesQuery);
  const create = mayManage ? (
    <Button
      leftSection={<IconPlus size={14} />}
      renderRoot={(props) => <Link to="/protection/policies/new" {...props} />}
    >
      Create policy
    </Button>
  ) : null;
  return (
    <Gate permission="policies.read">
      <Page
        title="Policies"
        description="A policy says which checks look at requests and answers, and what happens when they find something."
        actions={create}
      >
        <QueryView query={query}>
          {(policies) =>
            policies.length === 0 ? (
              <EmptyState icon={IconShieldCheck} title="No policy yet" action={create}>
                Start from the standard set and try it against recorded traffic before it goes live.
              </EmptyState>
            ) : (
              <PolicyTable policies={policies} />
            )
          }
        </QueryView>
      </Page>
    </Gate>
  );
}

function PolicyTable({ policies }: { policies: readonly PolicySummary[] }) {
  const navigate = useNavigate();
  const endpoints = useQuery({ ...endpointsQuery, enabled: useMay('endpoints.read') });
  const open = (id: string) => void navigate({ to: '/protection/policies/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: policies.length,
    onOpen: (index) => {
      const policy = policies[index];
      if (policy) open(policy.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">Mode</th>
            <th scope="col" className="bz-num">
              Rules
            </th>
            <th scope="col">Live version</th>
            <th scope="col">Endpoints</th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {policies.map((policy, index) => (
            <tr
              key={policy.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(policy.id)}
            >
              <td>
                <Link className="bz-row-link" to="/protection/policies/$id" params={{ id: policy.id }}>
                  {policy.name}
                </Link>
                {policy.description ? <div className="bz-dim">{policy.description}</div> : null}
              </td>
              <td>
                <ModeBadge mode={policy.mode} />
              </td>
              <td className="bz-num">{policy.ruleCount}</td>
              <td>
                {policy.activeVersion}
                {policy.latestVersion > policy.activeVersion ? (
                  <span className="bz-dim"> of {policy.latestVersion}</span>
                ) : null}
              </td>
              <td>
                {policy.endpointIds.length === 0 ? <span className="bz-dim">none</span> : null}
                {policy.endpointIds.map((id, at) => (
                  <span key={id}>
                    {at > 0 ? ', ' : ''}
                    <Link to="/protection/endpoints/$id" params={{ id }}>
                      {endpoints.data?.find((endpoint) => endpoint.id === id)?.slug ?? 'endpoint'}
                    </Link>
                  </span>
                ))}
              </td>
              <td>
                <RelativeTime at={policy.updatedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
