import { type InteractionDetail, interactionRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Confirm } from '../ui/confirm.tsx';
import { CodeBlock } from '../ui/copy.tsx';
import { Section } from '../ui/page.tsx';
import { RETENTION_TITLES } from '../ui/segments.ts';

interface RawProps {
  readonly id: string;
  readonly hasRaw: boolean;
  readonly retention: InteractionDetail['retention'];
}

const pretty = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

/** The raw request and answer, shown only after the person was told that reading them is recorded. */
export function RawContent({ id, hasRaw, retention }: RawProps) {
  const [asking, setAsking] = useState(false);
  const [raw, setRaw] = useState<{ request: string | null; response: string | null } | null>(null);
  if (!hasRaw) {
    return (
      <Section title="Raw request and answer">
        <p className="bz-dim">
          Not kept: what this endpoint keeps is “{RETENTION_TITLES[retention]}”. Only “{RETENTION_TITLES.full}
          ” includes them.
        </p>
      </Section>
    );
  }
  return (
    <Section
      title="Raw request and answer"
      actions={
        raw === null ? (
          <Button variant="default" onClick={() => setAsking(true)}>
            Show
          </Button>
        ) : null
      }
    >
      {raw === null ? (
        <p className="bz-dim">Exactly as they were sent. They may hold secrets and personal data.</p>
      ) : (
        <>
          <Part title="Request" label="Raw request" text={raw.request} />
          <Part title="Answer" label="Raw answer" text={raw.response} />
        </>
      )}
      <Confirm
        opened={asking}
        danger={false}
        title="Show the raw content?"
        verb="Show and record"
        onClose={() => setAsking(false)}
        onConfirm={async () => setRaw(await api.call(interactionRoutes.raw, { params: { id } }))}
      >
        <p>
          It may hold secrets and personal data. That you read it is recorded with your name, the time and
          this interaction.
        </p>
      </Confirm>
    </Section>
  );
}

function Part({ title, label, text }: { title: string; label: string; text: string | null }) {
  return (
    <div style={{ marginBottom: 16 }}>
      <h3 style={{ marginBottom: 6 }}>{title}</h3>
      {text === null ? (
        <p className="bz-dim">None was kept.</p>
      ) : (
        <CodeBlock wrap label={label} code={pretty(text)} />
      )}
    </div>
  );
}
