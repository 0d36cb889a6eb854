import type { Endpoint } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Section } from '../ui/page.tsx';
import { type EndpointFormApi, newUpstream } from './endpoint-values.ts';
import { UpstreamCard } from './upstream-card.tsx';
import { moveUpstream } from './upstreams.ts';

interface FieldsProps {
  readonly form: EndpointFormApi;
  readonly endpoint: Endpoint | null;
  readonly disabled: boolean;
}

/** Where requests go, in the order in which upstreams are tried. */
export function UpstreamsFields({ form, endpoint, disabled }: FieldsProps) {
  const { upstreams } = form.values;
  const add = () =>
    form.insertListItem(
      'upstreams',
      newUpstream(upstreams.length === 0 ? 0 : Math.max(...upstreams.map((each) => each.priority)) + 1),
    );
  return (
    <Section
      title="Upstreams"
      description="Model providers, in the order in which they are tried. The next one is the fallback when the ones above fail."
      actions={
        disabled ? null : (
          <Button variant="default" leftSection={<IconPlus size={14} />} onClick={add}>
            Add upstream
          </Button>
        )
      }
    >
      {upstreams.length === 0 ? <p className="bz-dim">No upstream yet: requests are refused.</p> : null}
      {upstreams.map((upstream, index) => (
        <UpstreamCard
          key={upstream.id ?? `new-${index}`}
          form={form}
          index={index}
          stored={endpoint?.upstreams.find((each) => each.id === upstream.id)}
          endpointId={endpoint?.id}
          disabled={disabled}
          onMove={(step) => form.setFieldValue('upstreams', moveUpstream(upstreams, index, step))}
        />
      ))}
    </Section>
  );
}
