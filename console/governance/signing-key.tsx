import { type AuditKey, auditRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { CopyableId } from '../ui/copy.tsx';
import { Section, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';

/** The keys that sign checkpoints, and rotating them. */
export function SigningKey({ current }: { current: AuditKey | null }) {
  const client = useQueryClient();
  const mayManage = useMay('audit.manage');
  const [rotating, setRotating] = useState(false);
  const query = useQuery({
    queryKey: ['audit', 'keys', current?.keyId],
    queryFn: async ({ signal }) => (await api.call(auditRoutes.keys, { signal })).items,
  });
  return (
    <Section
      flush
      title="Signing keys"
      description="Public halves. Note the one in use down somewhere else: it is what a verification should trust."
      actions={
        mayManage ? (
          <Button variant="default" onClick={() => setRotating(true)}>
            Rotate
          </Button>
        ) : null
      }
    >
      <QueryView query={query}>
        {(keys) => (
          <table className="bz-table">
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">Since</th>
                <th scope="col">Until</th>
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <tr key={key.keyId}>
                  <td>
                    <CopyableId value={key.verifierKey} /> {key.retiredAt === null ? <Tag>in use</Tag> : null}
                  </td>
                  <td>
                    <RelativeTime at={key.createdAt} />
                  </td>
                  <td>
                    <RelativeTime at={key.retiredAt} never="–" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </QueryView>
      <Confirm
        opened={rotating}
        danger={false}
        title="Make a new signing key?"
        verb="Rotate the key"
        onClose={() => setRotating(false)}
        onConfirm={async () => {
          await api.call(auditRoutes.rotateKey, { body: {} });
          await client.invalidateQueries({ queryKey: ['audit'] });
          toast('The log signs with a new key');
        }}
      >
        <p>The old key vouches for the new one and goes on verifying what it signed.</p>
      </Confirm>
    </Section>
  );
}
