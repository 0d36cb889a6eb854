import { type Endpoint, registryRoutes, type ServedModel, type ServedModelView } from '@bartizan/contracts';
import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { z } from 'zod';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { Section } from '../ui/page.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { QueryView } from '../ui/states.tsx';
import { toast, toastFailure } from '../ui/toast.ts';
import { ServedModelForm } from './served-model-form.tsx';

export type Served = z.output<typeof ServedModel>;
type View = z.output<typeof ServedModelView>;

const servedQuery = (endpointId: string) =>
  queryOptions({
    queryKey: ['endpoints', endpointId, 'models'],
    queryFn: async ({ signal }) =>
      (await api.call(registryRoutes.served, { params: { id: endpointId }, signal })).items,
  });

/** Which registered models answer behind an endpoint, and what they stand for now. */
export function ServedModels({ endpoint }: { endpoint: Endpoint }) {
  const query = useQuery(servedQuery(endpoint.id));
  const mayManage = useMay('endpoints.manage');
  const change = useServedChange(endpoint.id);
  return (
    <Section
      title="Registered models"
      description="Models of the registry that answer here. What is found in one of them leads to this endpoint, and to its traffic."
    >
      <QueryView query={query}>
        {(items) => (
          <>
            {items.length === 0 ? (
              <p className="bz-dim">None is named. A provider’s own models need no entry.</p>
            ) : (
              <ServedTable
                items={items}
                onRemove={
                  mayManage
                    ? ({ modelId, modelName }) =>
                        change.mutate(
                          { without: modelId },
                          {
                            onSuccess: () => toast(`${endpoint.name} no longer names ${modelName}`),
                            onError: toastFailure,
                          },
                        )
                    : null
                }
              />
            )}
            {mayManage ? (
              <ServedModelForm
                taken={items.map(({ modelId }) => modelId)}
                save={(item) => change.mutateAsync({ with: item })}
              />
            ) : null}
          </>
        )}
      </QueryView>
    </Section>
  );
}

/** Changes one entry of what is there when it is sent: others may have changed it since it was shown. */
function useServedChange(endpointId: string) {
  const client = useQueryClient();
  const params = { id: endpointId };
  return useMutation({
    mutationFn: async (change: { readonly with: Served } | { readonly without: string }) => {
      const { items } = await api.call(registryRoutes.served, { params });
      const named = items.map(({ modelId, version }): Served => ({ modelId, version }));
      const id = 'with' in change ? change.with.modelId : change.without;
      const others = named.filter(({ modelId }) => modelId !== id);
      const wanted = !('with' in change)
        ? others
        : others.length < named.length
          ? named.map((one) => (one.modelId === id ? change.with : one))
          : [...named, change.with];
      return await api.call(registryRoutes.setServed, { params, body: { items: wanted } });
    },
    onSuccess: async ({ items }) => {
      client.setQueryData(servedQuery(endpointId).queryKey, items);
      await client.invalidateQueries({ queryKey: ['models'] });
    },
  });
}

interface TableProps {
  readonly items: readonly View[];
  /** Null where the viewer may not. */
  readonly onRemove: ((item: View) => void) | null;
}

function ServedTable({ items, onRemove }: TableProps) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Named by</th>
          <th scope="col">Now</th>
          <th scope="col">Verdict</th>
          {onRemove ? <th scope="col" aria-label="Actions" /> : null}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.modelId}>
            <td>
              <Link className="bz-row-link" to="/inventory/models/$id" params={{ id: item.modelId }}>
                {item.modelName}
              </Link>
            </td>
            <td>{namedBy(item.version)}</td>
            <td>
              {item.resolved ? (
                <Link
                  to="/inventory/models/$id/versions/$version"
                  params={{ id: item.modelId, version: String(item.resolved.version) }}
                >
                  Version {item.resolved.version}
                </Link>
              ) : (
                <span className="bz-dim">no version</span>
              )}
            </td>
            <td>{item.resolved ? <ScanBadge verdict={item.resolved.verdict} /> : null}</td>
            {onRemove ? (
              <td style={{ textAlign: 'right' }}>
                <ActionIcon
                  aria-label={`Take ${item.modelName} away`}
                  title="Take away"
                  onClick={() => onRemove(item)}
                >
                  <IconX size={14} />
                </ActionIcon>
              </td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function namedBy(version: string) {
  if (/^\d+$/.test(version)) return 'its number';
  if (version === 'latest') return 'latest version';
  return (
    <>
      alias <code>{version}</code>
    </>
  );
}
