import {
  ACT_CLASSES,
  type ActClass,
  type AxisResult,
  inventoryRoutes,
  RISK_TIERS,
  type RiskResult,
  type RiskTier,
  type SystemDetail,
} from '@bartizan/contracts';
import { Button, Modal, Select, Stack, Textarea } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { formatDay } from '../ui/format.ts';
import { Facts, Section } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';
import { questionnaireQuery } from './system-queries.ts';
import { CLASS_WORDS, ClassBadge, TIER_WORDS, TierBadge } from './system-words.tsx';

export const assessmentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['systems', id, 'assessments'],
    queryFn: ({ signal }) =>
      api.call(inventoryRoutes.assessments, { params: { id }, query: { limit: 50 }, signal }),
  });

/** Tier and class, how they came about, and what follows from them. */
export function RiskTab({ system }: { system: SystemDetail }) {
  const query = useQuery(assessmentsQuery(system.id));
  const [overriding, setOverriding] = useState(false);
  const { risk } = system;
  const answer = system.may.manage ? (
    <Button
      variant={risk === null ? 'filled' : 'default'}
      renderRoot={(props) => (
        <Link to="/inventory/systems/$id" params={{ id: system.id }} search={{ tab: 'assess' }} {...props} />
      )}
    >
      {risk === null ? 'Answer the questions' : 'Go through the questions again'}
    </Button>
  ) : null;
  if (risk === null) {
    return (
      <EmptyState icon={IconScale} title="Nobody has worked out its risk" action={answer}>
        About fifteen questions give a risk tier, impact times exposure, and suggest its class under the EU AI
        Act.
      </EmptyState>
    );
  }
  return (
    <>
      <Section
        title="In force"
        actions={
          system.may.manage ? (
            <>
              <Button variant="default" onClick={() => setOverriding(true)}>
                Set by hand
              </Button>
              {answer}
            </>
          ) : null
        }
      >
        <Facts
          items={[
            [
              'Risk tier',
              <TierBadge key="t" tier={risk.tier} set={(risk.override?.tier ?? null) !== null} />,
            ],
            [
              'EU AI Act',
              <ClassBadge
                key="c"
                actClass={risk.actClass}
                set={(risk.override?.actClass ?? null) !== null}
              />,
            ],
            [
              'Assessed',
              <span key="a">
                <RelativeTime at={risk.assessedAt} /> by {risk.assessedBy}
              </span>,
            ],
            ...(risk.override === null
              ? []
              : ([
                  [
                    'Set by hand',
                    <span key="o">
                      {risk.override.reason}{' '}
                      <span className="bz-dim">
                        ({risk.override.by}, <RelativeTime at={risk.override.at} />)
                      </span>
                    </span>,
                  ],
                  [
                    'From answers',
                    <span key="s">
                      <TierBadge tier={risk.suggested.tier} />{' '}
                      <ClassBadge actClass={risk.suggested.actClass} />
                    </span>,
                  ],
                ] as const)),
          ]}
        />
      </Section>
      <QueryView query={query}>
        {({ items }) => (
          <>
            {items[0] ? <Result result={items[0].result} /> : null}
            <Section title="Assessments" flush>
              <table className="bz-table">
                <thead>
                  <tr>
                    <th scope="col">When</th>
                    <th scope="col">Who</th>
                    <th scope="col">Tier</th>
                    <th scope="col">Class</th>
                    <th scope="col">Note</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <tr key={one.id}>
                      <td className="bz-nowrap">
                        <RelativeTime at={one.at} />
                      </td>
                      <td>{one.by}</td>
                      <td>
                        <TierBadge tier={one.result.tier} />
                      </td>
                      <td>
                        <ClassBadge actClass={one.result.act.suggested} />
                      </td>
                      <td className="bz-wrap">{one.note}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Section>
          </>
        )}
      </QueryView>
      {overriding ? <OverrideDialog system={system} onClose={() => setOverriding(false)} /> : null}
    </>
  );
}

function Axis({ title, axis }: { title: string; axis: AxisResult }) {
  return (
    <Section title={`${title}: ${axis.score} of 5`} description={axis.arithmetic} flush>
      <table className="bz-table bz-narrow">
        <thead>
          <tr>
            <th scope="col">Question</th>
            <th scope="col">Answer</th>
            <th scope="col">Level</th>
          </tr>
        </thead>
        <tbody>
          {axis.answers.map((line) => (
            <tr key={line.question}>
              <td>{line.title}</td>
              <td>{line.answered ? line.answer : <span className="bz-dim">not answered</span>}</td>
              <td className="bz-num">{line.level}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** How the product became the tier. */
export const Steps = ({ result }: { result: Pick<RiskResult, 'steps'> }) => (
  <ul className="bz-steps">
    {result.steps.map((step) => (
      <li key={step}>{step}</li>
    ))}
  </ul>
);

function Result({ result }: { result: RiskResult }) {
  const questionnaire = useQuery(questionnaireQuery);
  const { act } = result;
  return (
    <>
      <div className="bz-halves">
        <Axis title="Impact" axis={result.impact} />
        <Axis title="Exposure" axis={result.exposure} />
      </div>
      <Section title="How the tier came about">
        <Steps result={result} />
      </Section>
      <Section
        title={`EU AI Act: ${CLASS_WORDS[act.suggested]} suggested`}
        description={
          act.also.length > 0 ? `Also: ${act.also.map((one) => CLASS_WORDS[one]).join(', ')}.` : undefined
        }
      >
        {act.open.length > 0 ? (
          <ul className="bz-steps" style={{ marginBottom: 12 }}>
            {act.open.map((point) => (
              <li key={point} className="bz-flagged">
                {point}
              </li>
            ))}
          </ul>
        ) : null}
        <ul className="bz-reasons">
          {act.reasons.map((reason) => (
            <li key={reason.question}>
              <div>
                {reason.text} {reason.reference === '' ? null : <code>{reason.reference}</code>}
              </div>
              <div className="bz-dim bz-note">
                {reason.question} {reason.answer}
              </div>
            </li>
          ))}
        </ul>
      </Section>
      {act.duties.length > 0 ? <Duties act={act} /> : null}
      {questionnaire.data ? (
        <p className="bz-dim bz-note" style={{ marginBottom: 16 }}>
          {questionnaire.data.notice} As of {formatDay(Date.parse(questionnaire.data.asOf))}:{' '}
          {questionnaire.data.sources.map((source, index) => (
            <span key={source.url}>
              {index > 0 ? '; ' : ''}
              <a href={source.url} target="_blank" rel="noreferrer">
                {source.title}
              </a>
            </span>
          ))}
          .
        </p>
      ) : null}
    </>
  );
}

function Duties({ act }: { act: RiskResult['act'] }) {
  return (
    <Section title="Duties that follow" flush>
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Article</th>
            <th scope="col">Title</th>
            <th scope="col">Falls on</th>
            <th scope="col">Why</th>
            <th scope="col">Applies from</th>
          </tr>
        </thead>
        <tbody>
          {act.duties.map((duty) => (
            <tr key={`${duty.article} ${duty.role}`}>
              <td className="bz-nowrap">Art. {duty.article}</td>
              <td>{duty.title}</td>
              <td>{duty.role}</td>
              <td>{duty.why}</td>
              <td className="bz-nowrap">{duty.appliesFrom}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function OverrideDialog({ system, onClose }: { system: SystemDetail; onClose: () => void }) {
  const client = useQueryClient();
  const [tier, setTier] = useState<string | null>(system.risk?.override?.tier ?? null);
  const [actClass, setActClass] = useState<string | null>(system.risk?.override?.actClass ?? null);
  const [reason, setReason] = useState('');
  const save = useMutation({
    mutationFn: () =>
      api.call(inventoryRoutes.override, {
        params: { id: system.id },
        body: { tier: tier as RiskTier | null, actClass: actClass as ActClass | null, reason: reason.trim() },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['systems'] });
      toast('Tier and class are set');
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Set by hand" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <p>
            What you set stands beside what the answers came to, with your name and reason, until it is
            withdrawn.
          </p>
          <Select
            label="Risk tier"
            placeholder={`As suggested: ${TIER_WORDS[system.risk?.suggested.tier ?? 'none']}`}
            clearable
            data={RISK_TIERS.map((value) => ({ value, label: TIER_WORDS[value] }))}
            value={tier}
            onChange={setTier}
          />
          <Select
            label="EU AI Act class"
            placeholder={`As suggested: ${CLASS_WORDS[system.risk?.suggested.actClass ?? 'none']}`}
            clearable
            data={ACT_CLASSES.map((value) => ({ value, label: CLASS_WORDS[value] }))}
            value={actClass}
            onChange={setActClass}
          />
          <Textarea
            label="Reason"
            required
            autosize
            minRows={2}
            maxLength={2000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <FormFoot
            failure={save.error}
            verb={tier === null && actClass === null ? 'Withdraw what was set' : 'Set by hand'}
            busy={save.isPending}
            disabled={reason.trim().length < 5}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
