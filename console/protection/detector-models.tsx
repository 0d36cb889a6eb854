import {
  DETECTOR_POINTS,
  type DetectorModel,
  type DetectorSwitch,
  detectorComparisonRoutes,
  detectorModelRoutes,
} from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { CopyableId } from '../ui/copy.tsx';
import { formatBytes } from '../ui/format.ts';
import { Facts, Section, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';
import { detectorModelsQuery, detectorStatusQuery } from './detector-queries.ts';
import { UseDialog } from './detector-use.tsx';

/** Name of an operating point, and how many harmless texts it takes for attacks. */
const POINT_WORDS = {
  strict: ['Strict', '2 in 100 harmless texts'],
  balanced: ['Balanced', '1 in 100'],
  quiet: ['Quiet', '1 in 1,000'],
} as const;

/** The live model, what else there is, and every switch. */
export function DetectorModelsTab() {
  const status = useQuery(detectorStatusQuery);
  const models = useQuery(detectorModelsQuery);
  return (
    <>
      <Section title="Live">
        <QueryView query={status}>{({ live }) => <Live model={live} />}</QueryView>
      </Section>
      <Section
        flush
        title="Models"
        description={
          <>
            A candidate is built with the recipe under <code>training/injection</code> and sent with{' '}
            <code>bartizan detector add FOLDER</code>.
          </>
        }
      >
        <QueryView query={models}>{(items) => <ModelTable items={items} />}</QueryView>
      </Section>
      <QueryView query={status}>
        {({ switches }) => (switches.length > 0 ? <Switches items={switches} /> : null)}
      </QueryView>
    </>
  );
}

function Live({ model }: { model: DetectorModel }) {
  const { points } = model;
  if (points === null)
    return (
      <p>
        No trained model is installed: the rules decide alone. They find attacks that are worded plainly, in
        sixteen languages, and miss most others.
      </p>
    );
  return (
    <Facts
      items={[
        ['Model', <b key="name">{model.name}</b>],
        [
          'Live since',
          model.liveSince === null ? (
            'it comes with this version of Bartizan'
          ) : (
            <RelativeTime key="since" at={model.liveSince} />
          ),
        ],
        ['Digest', model.sha256 === null ? '–' : <CopyableId key="digest" value={model.sha256} short />],
        ['Size', formatBytes(model.bytes)],
        ...DETECTOR_POINTS.map(
          (point) =>
            [
              POINT_WORDS[point][0],
              `alarms at ${POINT_WORDS[point][1]}: from a probability of ${share(points.user[point])} for what users write, of ${share(points.third_party[point])} for tool results and documents`,
            ] as const,
        ),
      ]}
    />
  );
}

/** A probability, as precise as thresholds need it. */
const share = (value: number): string => `${(100 * value).toFixed(value > 0.99 || value < 0.01 ? 2 : 1)}%`;

function ModelTable({ items }: { items: readonly DetectorModel[] }) {
  const mayManage = useMay('detector.manage');
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">From</th>
          <th scope="col" className="bz-num">
            Size
          </th>
          <th scope="col">
            <span className="bz-hidden">Acts</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((model) => (
          <tr key={`${model.builtIn} ${model.name}`}>
            <td className="bz-wrap">
              <b>{model.name}</b> {model.live ? <Tag>live</Tag> : null}
              {model.note === '' ? null : <div className="bz-dim">{model.note}</div>}
              {model.sha256 === null ? null : (
                <div>
                  <CopyableId value={model.sha256} short />
                </div>
              )}
            </td>
            <td>
              {model.builtIn ? 'this version of Bartizan' : model.addedBy?.name}
              {model.addedAt === null ? null : (
                <div className="bz-dim">
                  <RelativeTime at={model.addedAt} />
                </div>
              )}
            </td>
            <td className="bz-num">{formatBytes(model.bytes)}</td>
            <td className="bz-num">{mayManage && !model.live ? <Acts model={model} /> : null}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Acts({ model }: { model: DetectorModel }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'use' | 'remove' | null>(null);
  const compare = useMutation({
    mutationFn: () =>
      api.call(detectorComparisonRoutes.create, { body: { candidate: model.sha256 ?? model.name } }),
    onSuccess: ({ id }) => navigate({ to: '/protection/detector/comparisons/$id', params: { id } }),
    onError: toastFailure,
  });
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconArrowsDiff size={14} />}
        loading={compare.isPending}
        onClick={() => compare.mutate()}
      >
        Compare with live
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsked('use')}>
        Put live
      </Button>
      {model.builtIn ? null : (
        <Button size="compact-sm" variant="subtle" color="red" onClick={() => setAsked('remove')}>
          Remove
        </Button>
      )}
      <UseDialog opened={asked === 'use'} model={model} onClose={() => setAsked(null)} />
      <Confirm
        opened={asked === 'remove'}
        title={`Remove ${model.name}?`}
        verb="Remove this model"
        onClose={() => setAsked(null)}
        onConfirm={async () => {
          await api.call(detectorModelRoutes.remove, { params: { name: model.sha256 ?? model.name } });
          await client.invalidateQueries({ queryKey: ['detector'] });
        }}
      >
        <p>Its files are forgotten. Its comparisons stay on record.</p>
      </Confirm>
    </Group>
  );
}

const Switches = ({ items }: { items: readonly DetectorSwitch[] }) => (
  <Section flush title="Switches" description="Newest first. To go back, put the former model live again.">
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">Put live</th>
          <th scope="col">Instead of</th>
          <th scope="col">By</th>
          <th scope="col">On what grounds</th>
        </tr>
      </thead>
      <tbody>
        {items.map((each) => (
          <tr key={each.number}>
            <td>
              <b>{each.model}</b>
              <div className="bz-dim">
                <RelativeTime at={each.at} />
              </div>
            </td>
            <td>{each.before}</td>
            <td>{each.by.name}</td>
            <td className="bz-wrap">
              {each.comparisonId === null ? (
                each.override || 'it was live before'
              ) : (
                <Link to="/protection/detector/comparisons/$id" params={{ id: each.comparisonId }}>
                  a comparison
                </Link>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Section>
);
