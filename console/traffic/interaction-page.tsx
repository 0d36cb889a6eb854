import { type InteractionDetail, interactionRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api } from '../app/api.ts';
import { useCheckTitles } from '../app/check-titles.ts';
import { Gate } from '../app/gate.tsx';
import { askPurpose } from '../app/purpose-dialog.tsx';
import { useMay } from '../app/session.ts';
import { formatNoun } from '../ui/format.ts';
import { Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';
import { OutcomeBadge, VerdictBadge } from '../ui/verdict.tsx';
import { Conversation } from './conversation.tsx';
import { explain } from './explain.ts';
import { FindingsTable } from './findings-table.tsx';
import { Attempts, InteractionFacts } from './interaction-facts.tsx';
import { RawContent } from './raw-content.tsx';
import { Timings } from './timings.tsx';
import './traffic.css';

const route = getRouteApi('/house/traffic/interactions/$id');

export function InteractionPage() {
  return (
    <Gate permission="interactions.read">
      <Interaction />
    </Gate>
  );
}

function Interaction() {
  const { id } = route.useParams();
  const router = useRouter();
  const query = useQuery({
    queryKey: ['interactions', 'detail', id],
    queryFn: ({ signal }) => api.call(interactionRoutes.get, { params: { id }, signal }),
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const idle = event.target === document.body || (event.target as HTMLElement).tagName === 'A';
      if (event.key !== 'Escape' || !idle || document.querySelector('[role="dialog"]')) return;
      if (router.history.canGoBack()) router.history.back();
      else void router.navigate({ to: '/traffic/interactions' });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [router]);
  const above = <Link to="/traffic/interactions">Interactions</Link>;
  return (
    <QueryView query={query}>
      {(interaction) => (
        <Page
          title="Interaction"
          above={above}
          heading={<Heading interaction={interaction} />}
          actions={<TryAgain interaction={interaction} />}
        >
          <Body interaction={interaction} />
        </Page>
      )}
    </QueryView>
  );
}

/** Outcomes that the verdict does not tell already. */
const TELLING = new Set<InteractionDetail['outcome']>(['denied', 'failed', 'cancelled']);

const Heading = ({ interaction }: { interaction: InteractionDetail }) => (
  <>
    <VerdictBadge verdict={interaction.verdict} shadow={interaction.wouldBe} />
    {TELLING.has(interaction.outcome) ? <OutcomeBadge outcome={interaction.outcome} /> : null}
    <span>
      Request to{' '}
      {interaction.endpointId ? (
        <Link to="/protection/endpoints/$id" params={{ id: interaction.endpointId }}>
          {interaction.endpointSlug}
        </Link>
      ) : (
        interaction.endpointSlug || 'no endpoint'
      )}
    </span>
    <span className="bz-dim" style={{ fontSize: 14, fontWeight: 400 }}>
      <RelativeTime at={interaction.at} />
    </span>
  </>
);

function TryAgain({ interaction }: { interaction: InteractionDetail }) {
  const may = useMay('policies.try');
  if (!may || interaction.segments.every((segment) => segment.text === null)) return null;
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerPlay size={14} />}
      renderRoot={(props) => (
        <Link to="/traffic/playground" search={{ interaction: interaction.id }} {...props} />
      )}
    >
      Try in playground
    </Button>
  );
}

/** The interaction with nothing masked once the person said why they read it; `reveal` is null from then on. */
function useRevealed(masked: InteractionDetail) {
  const [revealed, setRevealed] = useState<InteractionDetail | null>(null);
  const reveal = async () => {
    const purpose = await askPurpose('You are about to read what guards found in this conversation.');
    if (purpose === null) return;
    try {
      setRevealed(await api.call(interactionRoutes.content, { params: { id: masked.id }, purpose }));
    } catch (failure) {
      toastFailure(failure);
    }
  };
  return { interaction: revealed ?? masked, reveal: revealed === null ? reveal : null };
}

function Body({ interaction: masked }: { interaction: InteractionDetail }) {
  const { interaction, reveal } = useRevealed(masked);
  const titleOf = useCheckTitles();
  const mayContent = useMay('interactions.content');
  const phone = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  return (
    <>
      <p className="bz-why" data-tone={interaction.wouldBe}>
        {explain(interaction, titleOf)}
      </p>
      <div className="bz-columns">
        <div>
          {interaction.findings.length > 0 ? (
            <Section flush title={formatNoun(interaction.findings.length, 'finding')}>
              <FindingsTable narrow={phone} findings={interaction.findings} />
            </Section>
          ) : null}
          <Section
            flush
            title="Conversation"
            description={
              reveal === null
                ? undefined
                : mayContent
                  ? 'What a guard found is masked.'
                  : 'What a guard found is masked: your role reads interactions as redacted.'
            }
            actions={
              mayContent && reveal !== null && interaction.findings.length > 0 ? (
                <Button variant="default" size="compact-sm" onClick={() => void reveal()}>
                  Show what is masked
                </Button>
              ) : null
            }
          >
            <Conversation
              interactionId={interaction.id}
              segments={interaction.segments}
              findings={interaction.findings}
            />
          </Section>
          <Attempts attempts={interaction.attempts} />
          {mayContent ? (
            <RawContent id={interaction.id} hasRaw={interaction.hasRaw} retention={interaction.retention} />
          ) : null}
        </div>
        <aside>
          <InteractionFacts interaction={interaction} />
          <Section title="Guards" description="Time that each guard took.">
            <Timings timings={interaction.timings.guards} />
            {interaction.guardErrors.map((each) => (
              <p key={each.check} style={{ color: 'var(--bz-block)', marginTop: 8 }}>
                {titleOf(each.check)}: {each.message}
              </p>
            ))}
          </Section>
        </aside>
      </div>
    </>
  );
}
