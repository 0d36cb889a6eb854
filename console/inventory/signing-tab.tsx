import { type Signer, signingRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconCertificate, IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { CopyableId } from '../ui/copy.tsx';
import { formatCount, formatDay } from '../ui/format.ts';
import { NoteDialog } from '../ui/note-dialog.tsx';
import { Section, Tag } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { signersQuery } from './model-queries.ts';
import { SignerDialog } from './signer-dialog.tsx';
import { Policies } from './signing-policies.tsx';

/** Whose signatures count, and what a version needs before it is used. */
export function SigningTab() {
  return (
    <>
      <Signers />
      <Policies />
    </>
  );
}

function Signers() {
  const query = useQuery(signersQuery);
  const mayManage = useMay('models.manage');
  const [adding, setAdding] = useState(false);
  const add = mayManage ? (
    <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => setAdding(true)}>
      Trust a signer
    </Button>
  ) : null;
  return (
    <Section
      flush
      title="Signers"
      description="Whose signatures and provenance count."
      actions={query.data?.length ? add : null}
    >
      <QueryView query={query}>
        {(signers) =>
          signers.length === 0 ? (
            <EmptyState icon={IconCertificate} title="Nobody is trusted yet" action={add}>
              Trust a public key, the people that your certificate authority vouches for, or identities of a
              Sigstore instance. Signatures that arrived before are judged again.
            </EmptyState>
          ) : (
            <SignerTable signers={signers} mayManage={mayManage} />
          )
        }
      </QueryView>
      <SignerDialog opened={adding} onClose={() => setAdding(false)} />
    </Section>
  );
}

const KNOWN_BY = { key: 'public key', certificate: 'certificate', sigstore: 'Sigstore identity' } as const;

function SignerTable({ signers, mayManage }: { signers: readonly Signer[]; mayManage: boolean }) {
  const client = useQueryClient();
  const [revoking, setRevoking] = useState<Signer | null>(null);
  return (
    <>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Signer</th>
            <th scope="col">Known by</th>
            <th scope="col">For models</th>
            <th scope="col">Good</th>
            <th scope="col" className="bz-num">
              Versions
            </th>
            <th scope="col">
              <span className="bz-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {signers.map((signer) => (
            <tr key={signer.id}>
              <td>
                <b>{signer.name}</b>{' '}
                {signer.revoked ? <Tag title={signer.revoked.reason}>revoked</Tag> : null}
                <div className="bz-dim">
                  trusted by {signer.createdBy} <RelativeTime at={signer.createdAt} />
                </div>
              </td>
              <td>
                {KNOWN_BY[signer.trust.type]}
                {signer.trust.type === 'key' ? null : (
                  <div className="bz-dim bz-wrap">
                    {signer.trust.identities.join(', ') || 'anybody there'}
                  </div>
                )}
                <div>
                  <CopyableId value={signer.fingerprint} short />
                </div>
              </td>
              <td className="bz-wrap">{signer.models.join(', ')}</td>
              <td>{goodInWords(signer)}</td>
              <td className="bz-num">{formatCount(signer.versions)}</td>
              <td className="bz-num">
                {mayManage && !signer.revoked ? (
                  <Button size="compact-xs" variant="subtle" color="red" onClick={() => setRevoking(signer)}>
                    Revoke
                  </Button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {revoking === null ? null : (
        <>
          <NoteDialog
            opened
            title={`Revoke ${revoking.name}?`}
            label="Why"
            description="Their signatures count no longer, those made before included."
            verb="Revoke this signer"
            onClose={() => setRevoking(null)}
            onSave={async (reason) => {
              await api.call(signingRoutes.revokeSigner, { params: { id: revoking.id }, body: { reason } });
              await client.invalidateQueries({ queryKey: ['signing'] });
              await client.invalidateQueries({ queryKey: ['models'] });
            }}
          />
          <Touched signer={revoking} />
        </>
      )}
    </>
  );
}

function goodInWords({ validFrom, validUntil, revoked }: Signer): string {
  if (revoked) return `revoked ${formatDay(revoked.at)}`;
  if (validFrom === null && validUntil === null) return 'without an end';
  if (validUntil === null) return `from ${formatDay(validFrom ?? 0)}`;
  return validFrom === null
    ? `until ${formatDay(validUntil)}`
    : `${formatDay(validFrom)} to ${formatDay(validUntil)}`;
}

/** Versions that hang on a signer, below the table while its revocation is asked about. */
function Touched({ signer }: { signer: Signer }) {
  const query = useQuery({
    queryKey: ['signing', 'signer', signer.id, 'versions'],
    queryFn: async ({ signal }) =>
      (await api.call(signingRoutes.signerVersions, { params: { id: signer.id }, signal })).items,
  });
  if (!query.data || query.data.length === 0) return null;
  return (
    <div style={{ padding: 16 }}>
      <div className="bz-label">What hangs on {signer.name}</div>
      {query.data.slice(0, 50).map((version) => (
        <div key={version.versionId}>
          <Link
            to="/inventory/models/$id/versions/$version"
            params={{ id: version.modelId, version: String(version.version) }}
          >
            {version.model} {version.version}
          </Link>{' '}
          <span className="bz-dim">
            {[version.stage === 'none' ? '' : version.stage, ...version.aliases].filter(Boolean).join(', ')}
            {version.otherwise ? ' (somebody else vouches for it too)' : ''}
          </span>
        </div>
      ))}
    </div>
  );
}
