import { BOM_SPECS, type BomAnswer, type BomSpec, bomRoutes } from '@bartizan/contracts';
import { Button, Group, Progress, SegmentedControl } from '@mantine/core';
import { IconCheck, IconDownload, IconMinus } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { save } from './download.ts';

/** The bill of materials of a version: how complete it is, what is missing, and the document. */
export function BomTab({ modelId, version }: { modelId: string; version: number }) {
  return (
    <Bom
      name={`version-${version}`}
      queryKey={['models', modelId, 'bom', version]}
      read={(spec, signal) =>
        api.call(bomRoutes.version, {
          params: { model: modelId, version: String(version) },
          query: { spec },
          signal,
        })
      }
      card={modelId}
    />
  );
}

/** The bill of materials of a system with the models that it uses. */
export function SystemBom({ systemId, name }: { systemId: string; name: string }) {
  return (
    <Bom
      name={name}
      queryKey={['systems', systemId, 'bom']}
      read={(spec, signal) =>
        api.call(bomRoutes.system, { params: { id: systemId }, query: { spec }, signal })
      }
      card={null}
    />
  );
}

interface BomProps {
  /** Of the file that is kept, without its ending. */
  readonly name: string;
  readonly queryKey: readonly unknown[];
  readonly read: (spec: BomSpec, signal: AbortSignal) => Promise<BomAnswer>;
  /** Model whose card can be filled in for what is missing. */
  readonly card: string | null;
}

function Bom({ name, queryKey, read, card }: BomProps) {
  const [spec, setSpec] = useState<BomSpec>('1.6');
  const query = useQuery({
    queryKey: [...queryKey, spec],
    queryFn: ({ signal }) => read(spec, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <QueryView query={query}>
      {(bom) => (
        <>
          <Section
            title={`${bom.completeness.score} of 100`}
            description="How much of what a reader wants to know the bill of materials says. It holds against the CycloneDX schema, or it is not given out."
            actions={
              <Group gap="xs">
                <SegmentedControl
                  size="xs"
                  aria-label="Version of CycloneDX"
                  data={BOM_SPECS.map((value) => ({ value, label: `CycloneDX ${value}` }))}
                  value={spec}
                  onChange={(value) => setSpec(value as BomSpec)}
                />
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconDownload size={14} />}
                  onClick={() =>
                    save(
                      new Blob([JSON.stringify(bom.document, null, 2)], { type: 'application/json' }),
                      `${name}.cdx.json`,
                    )
                  }
                >
                  Download
                </Button>
              </Group>
            }
          >
            <Progress value={bom.completeness.score} aria-label="Completeness" />
          </Section>
          <Items bom={bom} card={card} />
          <Section title="Document">
            <details>
              <summary>Show as JSON</summary>
              <pre className="bz-json" tabIndex={0} aria-label="The document as JSON">
                {JSON.stringify(bom.document, null, 2).slice(0, MOST_SHOWN)}
              </pre>
            </details>
          </Section>
        </>
      )}
    </QueryView>
  );
}

const MOST_SHOWN = 200_000;

function Items({ bom: { completeness }, card }: { bom: BomAnswer; card: string | null }) {
  const missing = completeness.items
    .filter(({ present }) => !present)
    .toSorted((a, b) => b.weight - a.weight);
  const there = completeness.items.filter(({ present }) => present);
  return (
    <div className="bz-version-columns">
      <Section
        title={`Missing (${missing.length})`}
        actions={
          card !== null && missing.length > 0 ? (
            <Link to="/inventory/models/$id" params={{ id: card }} search={{ tab: 'card' }}>
              Fill in the model card
            </Link>
          ) : null
        }
      >
        {missing.length === 0 ? <p className="bz-dim">Nothing is missing.</p> : null}
        <ul className="bz-lineage-list">
          {missing.map((item) => (
            <li key={item.id}>
              <IconMinus size={14} aria-hidden /> {item.title}
              <div className="bz-dim">{item.advice}</div>
            </li>
          ))}
        </ul>
      </Section>
      <Section title={`Said (${there.length})`}>
        <ul className="bz-lineage-list">
          {there.map((item) => (
            <li key={item.id}>
              <IconCheck size={14} aria-hidden color="var(--bz-allow)" /> {item.title}
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}
