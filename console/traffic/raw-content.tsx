import { type InteractionDetail, interactionRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { askPurpose } from '../app/purpose-dialog.tsx';
import { CodeBlock } from '../ui/copy.tsx';
import { Section } from '../ui/page.tsx';
import { RETENTION_TITLES } from '../ui/segments.ts';
import { toastFailure } from '../ui/toast.ts';

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
  const [raw, setRaw] = useState<{ request: string | null; response: string | null } | null>(null);
  const show = async () => {
    const purpose = await askPurpose('This is the request and the answer exactly as they were sent.');
    if (purpose === null) return;
    try {
      setRaw(await api.call(interactionRoutes.raw, { params: { id }, purpose }));
    } catch (failure) {
      toastFailure(failure);
    }
  };
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
          <Button variant="default" onClick={() => void show()}>
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
