import {
  type Attestation,
  type ModelSignature,
  type SigningStanding,
  signingRoutes,
  type VersionDetail,
} from '@bartizan/contracts';
import { Alert, Button, FileButton, Group } from '@mantine/core';
import { IconCertificate, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Confirm } from '../ui/confirm.tsx';
import { CodeBlock, CopyableId } from '../ui/copy.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatCount } from '../ui/format.ts';
import { Facts, Section, Tag } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { SignatureBadge } from './signature-badge.tsx';

const paramsOf = (version: VersionDetail) => ({ model: version.modelId, version: String(version.version) });

/** Who vouches for a version: signatures, provenance, and how it stands to what is asked for. */
export function SignaturesTab({ version }: { version: VersionDetail }) {
  const params = paramsOf(version);
  const key = ['signing', 'version', version.id];
  const standing = useQuery({
    queryKey: [...key, 'standing'],
    queryFn: ({ signal }) => api.call(signingRoutes.standing, { params, signal }),
  });
  const signatures = useQuery({
    queryKey: [...key, 'signatures'],
    queryFn: async ({ signal }) => (await api.call(signingRoutes.signatures, { params, signal })).items,
  });
  const attestations = useQuery({
    queryKey: [...key, 'attestations'],
    queryFn: async ({ signal }) => (await api.call(signingRoutes.attestations, { params, signal })).items,
  });
  return (
    <>
      {standing.data ? <Policies standing={standing.data} /> : null}
      <Section
        title="Signatures"
        description="OpenSSF model signing: over the digests of all files."
        actions={version.may.write ? <AddBundle version={version} kind="signature" /> : null}
      >
        <QueryView query={signatures}>
          {(items) =>
            items.length === 0 ? (
              <EmptyState icon={IconCertificate} title="Not signed">
                Sign it where the key is; the files need not be downloaded for that.
                <div style={{ textAlign: 'left', marginTop: 8 }}>
                  <CodeBlock
                    code={`bartizan model sign '${version.modelName}@${version.version}' --key KEY.pem`}
                    label="Command"
                  />
                </div>
              </EmptyState>
            ) : (
              items.map((item) => <Signature key={item.id} version={version} item={item} />)
            )
          }
        </QueryView>
      </Section>
      <Section
        title="Provenance and other attestations"
        description="in-toto statements about these very files, such as SLSA provenance."
        actions={version.may.write ? <AddBundle version={version} kind="attestation" /> : null}
      >
        <QueryView query={attestations}>
          {(items) =>
            items.length === 0 ? (
              <p className="bz-dim">None yet.</p>
            ) : (
              items.map((item) => <Statement key={item.id} version={version} item={item} />)
            )
          }
        </QueryView>
      </Section>
    </>
  );
}

function Policies({ standing }: { standing: SigningStanding }) {
  const failing = standing.policies.filter(({ fulfilled }) => !fulfilled);
  if (standing.policies.length === 0) return null;
  if (failing.length === 0)
    return (
      <Alert color="gray" variant="light" mb="md" title="What is asked for is there">
        {standing.policies.map(({ name }) => name).join(', ')}
      </Alert>
    );
  return (
    <>
      {failing.map((policy) => (
        <Alert
          key={policy.id}
          color={policy.mode === 'enforce' ? 'red' : 'yellow'}
          variant="light"
          mb="md"
          title={`${policy.name}: not fulfilled`}
        >
          {policy.reasons.map((reason) => (
            <div key={reason}>{reason}</div>
          ))}
          <div className="bz-dim">
            {policy.mode === 'warn' ? 'Only shown, nothing is refused.' : refusedInWords(policy)}
          </div>
        </Alert>
      ))}
    </>
  );
}

function refusedInWords({ aliases, stages, downloads }: SigningStanding['policies'][number]): string {
  const parts = [
    ...stages.map((stage) => `the stage ${stage}`),
    ...aliases.map((alias) => `the alias ${alias}`),
    ...(downloads ? ['downloads'] : []),
  ];
  return parts.length === 0 ? 'Nothing is refused.' : `Refused until then: ${parts.join(', ')}.`;
}

type Received = ModelSignature | Attestation;

function receivedFacts(item: Received) {
  return [
    [
      'State',
      <span key="state">
        <SignatureBadge state={item.state} /> {item.message ?? ''}
      </span>,
    ],
    ['Signer', item.signer?.name ?? 'not known here'],
    [
      'Signed with',
      item.signedWith === null
        ? '–'
        : [
            item.signedWith.type,
            ...item.signedWith.identities,
            ...(item.signedWith.issuer ? [`by ${item.signedWith.issuer}`] : []),
          ].join(', '),
    ],
    [
      'Key',
      item.signedWith?.keyFingerprint ? (
        <CopyableId key="key" value={item.signedWith.keyFingerprint} short />
      ) : (
        '–'
      ),
    ],
    [
      'Arrived',
      <span key="arrived">
        <RelativeTime at={item.receivedAt} /> by {item.receivedBy}
      </span>,
    ],
    ['Verified', <RelativeTime key="verified" at={item.verifiedAt} />],
  ] as const;
}

function Signature({ version, item }: { version: VersionDetail; item: ModelSignature }) {
  return (
    <div className="bz-received">
      <Facts
        items={[
          ...receivedFacts(item),
          ...(item.unsignedFiles.length > 0
            ? ([
                [
                  'Left out',
                  <span key="left" className="bz-wrap">
                    {item.unsignedFiles.join(', ')}
                  </span>,
                ],
              ] as const)
            : []),
        ]}
      />
      <RemoveBundle version={version} item={item} what="signature" />
    </div>
  );
}

function Statement({ version, item }: { version: VersionDetail; item: Attestation }) {
  const { provenance } = item;
  return (
    <div className="bz-received">
      <Facts
        items={[
          [
            'Says',
            <code key="type" className="bz-wrap">
              {item.predicateType}
            </code>,
          ],
          ...receivedFacts(item),
          ...(provenance === null
            ? []
            : ([
                [
                  'Builder',
                  <span key="builder" className="bz-wrap">
                    {provenance.builder}
                  </span>,
                ],
                [
                  'Code',
                  <span key="code" className="bz-wrap">
                    {provenance.source === null
                      ? '–'
                      : `${provenance.source.repository} ${provenance.source.revision ?? ''}`}
                  </span>,
                ],
                ['Built', <RelativeTime key="built" at={provenance.finishedAt} never="–" />],
                [
                  'From',
                  <span key="from" className="bz-tags">
                    {provenance.materials.map((material) => (
                      <Tag key={`${material.name}${material.uri}`} title={material.uri ?? undefined}>
                        {material.name}
                      </Tag>
                    ))}
                    {provenance.moreMaterials > 0 ? (
                      <span className="bz-dim">and {formatCount(provenance.moreMaterials)} more</span>
                    ) : null}
                  </span>,
                ],
              ] as const)),
        ]}
      />
      <RemoveBundle version={version} item={item} what="attestation" />
    </div>
  );
}

function RemoveBundle({ version, item, what }: { version: VersionDetail; item: Received; what: string }) {
  const client = useQueryClient();
  const [opened, setOpened] = useState(false);
  if (!version.may.manage) return null;
  return (
    <Group justify="flex-end">
      <Button size="compact-xs" variant="subtle" onClick={() => setOpened(true)}>
        Take off
      </Button>
      <Confirm
        opened={opened}
        title={`Take this ${what} off?`}
        verb="Take it off"
        onClose={() => setOpened(false)}
        onConfirm={async () => {
          await api.call(signingRoutes.removeBundle, {
            params: { ...paramsOf(version), signatureId: item.id },
          });
          await client.invalidateQueries({ queryKey: ['signing'] });
          await client.invalidateQueries({ queryKey: ['models'] });
        }}
      >
        <p>It no longer vouches for this version. That it was here stays in the audit log.</p>
      </Confirm>
    </Group>
  );
}

function AddBundle({ version, kind }: { version: VersionDetail; kind: 'signature' | 'attestation' }) {
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: async (file: File) => {
      const body = { bundle: await file.text() };
      const params = paramsOf(version);
      return kind === 'signature'
        ? api.call(signingRoutes.addSignature, { params, body })
        : api.call(signingRoutes.addAttestation, { params, body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['signing'] });
      await client.invalidateQueries({ queryKey: ['models'] });
    },
  });
  return (
    <div>
      <FileButton
        accept="application/json,.json,.sig,.sigstore,.jsonl"
        onChange={(file) => file && add.mutate(file)}
      >
        {(props) => (
          <Button
            {...props}
            size="xs"
            variant="default"
            loading={add.isPending}
            leftSection={<IconUpload size={14} />}
          >
            Add a bundle
          </Button>
        )}
      </FileButton>
      <FailureNote failure={add.error} />
    </div>
  );
}
