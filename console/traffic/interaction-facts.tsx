import type { InteractionDetail } from '@bartizan/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { policiesQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { CopyableId } from '../ui/copy.tsx';
import { formatCount, formatExact, formatMs } from '../ui/format.ts';
import { Facts, Section } from '../ui/page.tsx';
import { RETENTION_TITLES } from '../ui/segments.ts';
import { RelativeTime } from '../ui/time.tsx';
import { OUTCOME_MARKS } from '../ui/verdict.tsx';

/** Who, what, when and how long. */
export function InteractionFacts({ interaction }: { interaction: InteractionDetail }) {
  const { timings, usage } = interaction;
  const items: [string, ReactNode][] = [
    ['When', formatExact(interaction.at)],
    ['Key', <KeyLink key="key" interaction={interaction} />],
    ['End user', interaction.user ?? <span className="bz-dim">not named</span>],
    ['API', `${interaction.api}${interaction.streamed ? ', streamed' : ''}`],
    ['Model', interaction.model],
    ['Upstream model', interaction.upstreamModel ?? '–'],
    ['Outcome', OUTCOME_MARKS[interaction.outcome].word],
    ['Status', interaction.status],
    ['Tokens', usage ? `${formatCount(usage.inputTokens)} in, ${formatCount(usage.outputTokens)} out` : '–'],
    ['Latency', formatMs(timings.totalMs)],
    ['In guards', formatMs(timings.guardMs)],
    ['Upstream', formatMs(timings.upstreamMs)],
    ...(timings.firstTokenMs === null
      ? []
      : [['First token', formatMs(timings.firstTokenMs)] as [string, ReactNode]]),
    ['Policy', <PolicyLink key="policy" interaction={interaction} />],
    ['Kept', `${RETENTION_TITLES[interaction.retention]}`],
    ['Expires', <RelativeTime key="expires" at={interaction.expiresAt} />],
    ['Gateway', interaction.gatewayId],
    ['Request', <CopyableId key="request" value={interaction.requestId} />],
    ['Interaction', <CopyableId key="id" value={interaction.id} />],
  ];
  return (
    <Section title="Details">
      <Facts items={items} />
    </Section>
  );
}

function KeyLink({ interaction }: { interaction: InteractionDetail }) {
  if (interaction.keyId === null) return interaction.keyName || <span className="bz-dim">unknown</span>;
  return (
    <Link to="/traffic/interactions" search={{ key: interaction.keyId }} title="Interactions of this key">
      {interaction.keyName}
    </Link>
  );
}

function PolicyLink({ interaction }: { interaction: InteractionDetail }) {
  const { policyId, policyVersion } = interaction;
  const policies = useQuery({ ...policiesQuery, enabled: useMay('policies.read') });
  if (policyId === null || policyVersion === null) return <span className="bz-dim">none</span>;
  const name = policies.data?.find((policy) => policy.id === policyId)?.name ?? 'Policy';
  return (
    <Link
      to="/protection/policies/$id"
      params={{ id: policyId }}
      search={{ tab: 'versions', version: String(policyVersion) }}
    >
      {name}, version {policyVersion}
    </Link>
  );
}

const ERROR_WORDS: Readonly<Record<string, string>> = {
  timeout: 'timed out',
  connection: 'connection failed',
  circuit_open: 'not tried: failed too often just before',
  garbage: 'answer not understood',
  too_large: 'answer too large',
  status: 'answered with an error status',
};

/** Each try to reach an upstream, in order. */
export function Attempts({ attempts }: { attempts: InteractionDetail['attempts'] }) {
  if (attempts.length === 0) return null;
  return (
    <Section flush title="Attempts upstream">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Upstream</th>
            <th scope="col">Result</th>
            <th scope="col" className="bz-num">
              Status
            </th>
            <th scope="col" className="bz-num">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt, index) => (
            <tr key={index}>
              <td>{attempt.upstreamName}</td>
              <td>{attempt.error === null ? 'went well' : (ERROR_WORDS[attempt.error] ?? attempt.error)}</td>
              <td className="bz-num">{attempt.status ?? '–'}</td>
              <td className="bz-num">{formatMs(attempt.ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
