import type { Overview } from '@bartizan/contracts';
import { IconAlertTriangle, IconCircleCheck, IconPlugConnectedX } from '@tabler/icons-react';
import { CopyableId } from '../ui/copy.tsx';
import { formatCount } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { RelativeTime, useNow } from '../ui/time.tsx';

/** A gateway that has not been heard of for this long is called silent. */
const SILENT_MS = 60_000;

/** Each gateway: whether it is heard of, serves the current configuration, and how much it has still to ship. */
export function Gateways({ overview }: { overview: Overview }) {
  const now = useNow();
  return (
    <Section
      title="Gateways"
      description={overview.gatewayUrl ? <CopyableId value={overview.gatewayUrl} /> : undefined}
    >
      {overview.gateways.length === 0 ? <p className="bz-dim">No gateway has reported yet.</p> : null}
      <ul className="bz-top">
        {overview.gateways.map((gateway) => {
          const silent = now - gateway.lastSeenAt > SILENT_MS;
          const [tone, Icon, words] = silent
            ? (['flag', IconPlugConnectedX, 'Silent'] as const)
            : gateway.current
              ? (['allow', IconCircleCheck, 'Current'] as const)
              : (['flag', IconAlertTriangle, 'Behind'] as const);
          return (
            <li key={gateway.id}>
              <div>
                <span className="bz-mono">{gateway.id}</span>
                <span
                  className="bz-verdict"
                  data-tone={tone}
                  title={`Serves configuration ${gateway.snapshotVersion}`}
                >
                  <Icon size={14} aria-hidden />
                  {words}
                </span>
              </div>
              <div className="bz-dim" style={{ fontSize: 12 }}>
                seen <RelativeTime at={gateway.lastSeenAt} />
                {gateway.backlog > 0
                  ? ` · ${formatCount(gateway.backlog)} interactions still to be shipped`
                  : ''}
              </div>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
