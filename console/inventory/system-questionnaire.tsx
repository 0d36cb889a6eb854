import {
  type Answers,
  inventoryRoutes,
  type Question,
  type Questionnaire,
  type System,
} from '@bartizan/contracts';
import { Button, Checkbox, Radio, Stack, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../app/api.ts';
import { dropFormDraft, readFormDraft, writeFormDraft } from '../app/drafts.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { toast } from '../ui/toast.ts';
import { questionnaireQuery } from './system-queries.ts';
import { assessmentsQuery, Steps } from './system-risk.tsx';
import { ClassBadge, TierBadge } from './system-words.tsx';

const PARTS: readonly {
  readonly part: Question['part'];
  readonly title: string;
  readonly description: string;
}[] = [
  { part: 'impact', title: 'Impact', description: 'What a wrong or misused output can do.' },
  {
    part: 'exposure',
    title: 'Exposure',
    description: 'How likely it is that something goes wrong, or is made to.',
  },
  { part: 'act', title: 'EU AI Act', description: 'Suggests a class under Regulation (EU) 2024/1689.' },
];

/** The questions, with the tier worked out while they are answered. */
export function QuestionnaireTab({ system, onDone }: { system: System; onDone: () => void }) {
  const questions = useQuery(questionnaireQuery);
  const kept = useQuery(assessmentsQuery(system.id));
  return (
    <QueryView query={questions}>
      {(questionnaire) => (
        <QueryView query={kept}>
          {({ items }) => (
            <Form
              system={system}
              questionnaire={questionnaire}
              before={items[0]?.answers ?? {}}
              onDone={onDone}
            />
          )}
        </QueryView>
      )}
    </QueryView>
  );
}

const answersOf = (value: unknown): Answers | null =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Answers) : null;
const valuesOf = (answers: Answers, id: string): string[] => {
  const given = answers[id];
  return given === undefined ? [] : typeof given === 'string' ? [given] : given;
};
const isAsked = (question: Question, answers: Answers): boolean =>
  question.when === null ||
  valuesOf(answers, question.when.question).some((value) => question.when?.anyOf.includes(value));

interface FormProps {
  readonly system: System;
  readonly questionnaire: Questionnaire;
  readonly before: Answers;
  readonly onDone: () => void;
}

function Form({ system, questionnaire, before, onDone }: FormProps) {
  const client = useQueryClient();
  const draft = `assessment.${system.id}`;
  const [answers, setAnswers] = useState<Answers>(() => readFormDraft(draft, answersOf) ?? before);
  const [note, setNote] = useState('');
  useEffect(() => writeFormDraft(draft, answers), [answers, draft]);
  const asked = questionnaire.questions.filter((question) => isAsked(question, answers));
  // Answers to questions that are no longer asked are not sent.
  const given = Object.fromEntries(
    asked.flatMap(({ id }) => (valuesOf(answers, id).length > 0 ? [[id, answers[id]]] : [])),
  ) as Answers;
  const save = useMutation({
    mutationFn: () =>
      api.call(inventoryRoutes.assess, {
        params: { id: system.id },
        body: { answers: given, note: note.trim() },
      }),
    onSuccess: async () => {
      dropFormDraft(draft);
      await client.invalidateQueries({ queryKey: ['systems'] });
      toast('Answers kept; tier and class follow from them');
      onDone();
    },
  });
  const missing = asked.filter(({ id }) => valuesOf(given, id).length === 0);
  return (
    <form
      className="bz-columns"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div>
        {PARTS.map(({ part, title, description }) => (
          <Section key={part} title={title} description={description}>
            {asked
              .filter((question) => question.part === part)
              .map((question) => (
                <OneQuestion
                  key={question.id}
                  question={question}
                  value={valuesOf(answers, question.id)}
                  onChange={(value) => setAnswers((all) => ({ ...all, [question.id]: value }))}
                />
              ))}
          </Section>
        ))}
        <Section title="Keep">
          <Stack gap="sm">
            <Textarea
              label="Note"
              description="Who was asked, what was looked at. It goes on record."
              autosize
              minRows={2}
              maxLength={2000}
              value={note}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
            <FailureNote failure={save.error} />
            <div>
              <Button type="submit" loading={save.isPending} disabled={missing.length > 0}>
                Keep these answers
              </Button>
              {missing.length > 0 ? (
                <p className="bz-dim bz-note">
                  Not answered yet: {missing.map(({ title }) => title).join(' ')}
                </p>
              ) : null}
            </div>
            <p className="bz-dim bz-note">{questionnaire.notice}</p>
          </Stack>
        </Section>
      </div>
      <Live answers={given} />
    </form>
  );
}

interface QuestionProps {
  readonly question: Question;
  readonly value: readonly string[];
  readonly onChange: (value: string | string[]) => void;
}

function OneQuestion({ question, value, onChange }: QuestionProps) {
  const label = (option: Question['options'][number]) =>
    option.reference === '' ? option.label : `${option.label} (${option.reference})`;
  if (!question.many) {
    return (
      <fieldset className="bz-question">
        <legend>{question.title}</legend>
        <p className="bz-dim">{question.help}</p>
        <Radio.Group
          aria-label={question.title}
          name={question.id}
          value={value[0] ?? ''}
          onChange={onChange}
        >
          <Stack>
            {question.options.map((option) => (
              <Radio
                key={option.value}
                value={option.value}
                label={label(option)}
                description={option.help || undefined}
              />
            ))}
          </Stack>
        </Radio.Group>
      </fieldset>
    );
  }
  // What stands alone takes the others away, and they take it away.
  const change = (next: string[]) => {
    const added = next.find((one) => !value.includes(one));
    if (added === undefined) return onChange(next);
    const alone = question.exclusive.includes(added);
    onChange(alone ? [added] : next.filter((one) => !question.exclusive.includes(one)));
  };
  return (
    <fieldset className="bz-question">
      <legend>{question.title}</legend>
      <p className="bz-dim">{question.help}</p>
      <Checkbox.Group aria-label={question.title} value={[...value]} onChange={change}>
        <Stack>
          {question.options.map((option) => (
            <Checkbox
              key={option.value}
              value={option.value}
              label={label(option)}
              description={option.help || undefined}
            />
          ))}
        </Stack>
      </Checkbox.Group>
    </fieldset>
  );
}

/** What the answers come to so far. */
function Live({ answers }: { answers: Answers }) {
  const [settled] = useDebouncedValue(answers, 200);
  const query = useQuery({
    queryKey: ['systems', 'try', JSON.stringify(settled)],
    queryFn: ({ signal }) => api.call(inventoryRoutes.tryAssessment, { body: { answers: settled }, signal }),
    placeholderData: keepPreviousData,
  });
  return (
    <div className="bz-live">
      <Section title="So far">
        <QueryView query={query}>
          {(result) => (
            <Stack gap="sm" role="status" aria-live="polite">
              <div>
                <TierBadge tier={result.tier} />{' '}
                {result.act.suggested === null ? null : <ClassBadge actClass={result.act.suggested} />}
              </div>
              {result.missing.length > 0 ? (
                <p className="bz-dim bz-note">
                  At least that: {formatNoun(result.missing.length, 'question')} not answered yet.
                </p>
              ) : null}
              <Steps result={result} />
              {result.act.suggested === null ? (
                <p className="bz-dim bz-note">
                  EU AI Act class: not known yet: {formatNoun(result.act.missing.length, 'question')} open.
                </p>
              ) : null}
              {result.act.suggested !== null && result.act.reasons[0] ? (
                <p className="bz-note">
                  {result.act.reasons[0].text}{' '}
                  <span className="bz-dim">{result.act.reasons[0].reference}</span>
                </p>
              ) : null}
            </Stack>
          )}
        </QueryView>
      </Section>
    </div>
  );
}
