import type { Endpoint } from '@bartizan/contracts';
import { Alert, Button, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { gatewayUrlQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import {
  anthropicSnippet,
  curlSnippet,
  GATEWAY_PLACEHOLDER,
  javascriptSnippet,
  KEY_PLACEHOLDER,
  pythonSnippet,
  type SnippetInput,
} from '../app/snippets.ts';
import { CodeBlock, CopyableId } from '../ui/copy.tsx';
import { Facts, Section } from '../ui/page.tsx';

const SNIPPETS = {
  curl: { label: 'curl', make: (input: SnippetInput) => curlSnippet(input) },
  python: { label: 'Python, openai', make: pythonSnippet },
  javascript: { label: 'JavaScript, openai', make: javascriptSnippet },
  anthropic: { label: 'Python, anthropic', make: anthropicSnippet },
} as const;
type SnippetName = keyof typeof SNIPPETS;

/** Which APIs the endpoint's upstreams speak; both while there is none. The demo assistant speaks every one. */
function spokenBy(endpoint: Endpoint): { openai: boolean; anthropic: boolean } {
  const providers = endpoint.upstreams.map((upstream) => upstream.provider);
  const every = providers.length === 0 || providers.includes('demo');
  return {
    openai: every || providers.includes('openai'),
    anthropic: every || providers.includes('anthropic'),
  };
}

/** How a client reaches the endpoint: its addresses, and lines to paste. */
export function Connect({ endpoint }: { endpoint: Endpoint }) {
  const gateway = useQuery({ ...gatewayUrlQuery, enabled: useMay('overview.read') });
  const mayKeys = useMay('keys.manage');
  const mayManage = useMay('endpoints.manage');
  const spoken = spokenBy(endpoint);
  const offered = (Object.keys(SNIPPETS) as SnippetName[]).filter((name) =>
    name === 'anthropic' ? spoken.anthropic : spoken.openai,
  );
  const [chosen, setShown] = useState<SnippetName>('curl');
  const shown = offered.includes(chosen) ? chosen : (offered[0] ?? 'curl');
  const origin = gateway.data ?? GATEWAY_PLACEHOLDER;
  // Below /e/<slug> the endpoint is certain, whatever else the key may call.
  const gatewayUrl = `${origin}/e/${endpoint.slug}`;
  const model = endpoint.models[0]?.name ?? (endpoint.demo ? 'demo' : 'MODEL');
  return (
    <>
      {endpoint.upstreams.length === 0 ? (
        <Alert color="yellow" variant="light" mb="md">
          This endpoint has no upstream yet, so it cannot answer.{' '}
          {mayManage ? (
            <Link to="." search={{ tab: 'settings' }}>
              Add one under Settings
            </Link>
          ) : null}
        </Alert>
      ) : null}
      <Section title="Address">
        <Facts
          items={[
            ...(spoken.openai
              ? [['OpenAI clients', <CopyableId key="openai" value={`${gatewayUrl}/v1`} />] as const]
              : []),
            ...(spoken.anthropic
              ? [['Anthropic clients', <CopyableId key="anthropic" value={gatewayUrl} />] as const]
              : []),
            [
              'Key',
              mayKeys ? (
                <Button
                  key="key"
                  size="compact-xs"
                  variant="default"
                  renderRoot={(props) => (
                    <Link to="/settings/keys" search={{ new: '1', endpoint: endpoint.id }} {...props} />
                  )}
                >
                  Create a key for this endpoint
                </Button>
              ) : (
                'Ask an administrator or the security role for a key'
              ),
            ],
            [
              'Models',
              endpoint.models.length === 0
                ? 'Every model that the upstream has'
                : endpoint.models.map((each) => each.name).join(', '),
            ],
          ]}
        />
      </Section>
      <Section
        title="Paste into your client"
        actions={
          <SegmentedControl
            size="xs"
            aria-label="Client"
            value={shown}
            onChange={(value) => setShown(value as SnippetName)}
            data={offered.map((value) => ({ value, label: SNIPPETS[value].label }))}
          />
        }
      >
        <CodeBlock
          label={SNIPPETS[shown].label}
          code={SNIPPETS[shown].make({ gatewayUrl, key: KEY_PLACEHOLDER, model })}
        />
        {endpoint.models.length === 0 && !endpoint.demo ? (
          <p className="bz-dim bz-note" style={{ marginTop: 8 }}>
            Put the name of one of your provider's models in place of <code>MODEL</code>.
          </p>
        ) : null}
      </Section>
    </>
  );
}
