import { type PolicyDetail, policyRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { changeOrPropose } from '../app/propose.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Section, Tag } from '../ui/page.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';
import { ModeBadge } from './mode.tsx';
import { changesBetween, changesInWords } from './rules.ts';

const route = getRouteApi('/house/protection/policies/$id');

/** Every version, newest first. Any of them can be put live with one press and a confirmation. */
export function Versions({ policy }: { policy: PolicyDetail }) {
  const { version: marked } = route.useSearch();
  const mayManage = useMay('policies.manage');
  const client = useQueryClient();
  const [activating, setActivating] = useState<number | null>(null);
  const versions = policy.versions.toSorted((a, b) => b.version - a.version);
  const live = versions.find((each) => each.active);
  const next = versions.find((each) => each.version === activating);
  return (
    <Section flush title="Versions">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Mode</th>
            <th scope="col">Note</th>
            <th scope="col">Changes</th>
            <th scope="col">By</th>
            <th scope="col">When</th>
            <th scope="col">
              <span className="bz-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map((each) => {
            const before = versions.find((other) => other.version === each.version - 1);
            return (
              <tr key={each.version} data-selected={String(each.version) === marked}>
                <td className="bz-nowrap">
                  {each.version} {each.active ? <Tag>live</Tag> : null}
                </td>
                <td>
                  <ModeBadge mode={each.document.mode} />
                </td>
                <td>{each.note || <span className="bz-dim">none</span>}</td>
                <td>
                  {before ? (
                    <Link
                      to="."
                      search={{ tab: 'compare', left: String(before.version), right: String(each.version) }}
                    >
                      {changesInWords(changesBetween(before.document, each.document))}
                    </Link>
                  ) : (
                    <span className="bz-dim">first version</span>
                  )}
                </td>
                <td className="bz-nowrap">{each.createdBy}</td>
                <td>
                  <RelativeTime at={each.createdAt} />
                </td>
                <td className="bz-num">
                  {mayManage && !each.active ? (
                    <Button size="compact-xs" variant="default" onClick={() => setActivating(each.version)}>
                      {each.version < policy.activeVersion ? 'Return to this' : 'Put live'}
                    </Button>
                  ) : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <Confirm
        opened={activating !== null}
        danger={false}
        title={`Put version ${activating ?? ''} live?`}
        verb={`Put version ${activating ?? ''} live`}
        onClose={() => setActivating(null)}
        onConfirm={async () => {
          const version = activating ?? 0;
          const params = { id: policy.id };
          const changed = await changeOrPropose(
            { kind: 'policies.activate', policyId: policy.id, version },
            () => api.call(policyRoutes.activate, { params, body: { version } }),
          );
          if (!changed.done) return;
          client.setQueryData(['policies', policy.id], changed.value);
          toast(`Version ${changed.value.activeVersion} is live`);
          await client.invalidateQueries({ queryKey: ['policies'] });
        }}
      >
        {live && next ? (
          <p>
            Compared with version {live.version}, which is live now:{' '}
            {changesInWords(changesBetween(live.document, next.document))}. New requests are judged by it
            within a second.
          </p>
        ) : null}
      </Confirm>
    </Section>
  );
}
