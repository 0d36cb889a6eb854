import { SYSTEM_STATES, type System, SystemInput } from '@bartizan/contracts';
import { Alert, Button, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { dropFormDraft, readFormDraft, writeFormDraft } from '../app/drafts.ts';
import { teamsQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { slugOf } from '../protection/endpoint-values.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { fieldErrors, validateWith } from '../ui/form.ts';
import { Section } from '../ui/page.tsx';
import { UnsavedGuard } from '../ui/unsaved.tsx';
import {
  AccessFields,
  DataFields,
  DecisionFields,
  LinkFields,
  OwnerFields,
  UseFields,
} from './system-fields.tsx';
import { draftOf, initialSystem, type SystemFormApi, type SystemValues } from './system-values.ts';
import { STATE_WORDS } from './system-words.tsx';

interface FormProps {
  readonly system: System | null;
  /** What a new one is to be linked to. */
  readonly linked?: { readonly endpoint?: string | undefined; readonly model?: string | undefined };
  readonly save: (values: SystemValues) => Promise<System>;
  readonly onSaved: (system: System) => Promise<void>;
}

/** Everything that is said of a system, in sections. What is typed survives leaving the page. */
export function SystemForm({ system, linked, save, onSaved }: FormProps) {
  const draftName = `system.${system === null ? 'new' : `${system.id}.${system.revision}`}`;
  const [start] = useState(() => initialSystem(system, linked));
  const [restored, setRestored] = useState(() => readFormDraft(draftName, draftOf));
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const saved = useRef(false);
  const form: SystemFormApi = useForm<SystemValues>({
    initialValues: start,
    validate: validateWith(SystemInput),
    validateInputOnBlur: true,
  });
  useEffect(() => {
    if (restored !== null) form.setValues(restored);
  }, []);
  const dirty = form.isDirty();
  useEffect(() => {
    if (dirty && !saved.current) writeFormDraft(draftName, form.values);
  }, [dirty, draftName, form.values]);
  const discard = () => {
    dropFormDraft(draftName);
    setRestored(null);
    form.setValues(start);
    form.clearErrors();
  };
  const submit = async (values: SystemValues) => {
    setBusy(true);
    setFailure(null);
    try {
      const answer = await save(SystemInput.parse(values));
      saved.current = true;
      dropFormDraft(draftName);
      form.resetDirty();
      await onSaved(answer);
    } catch (error) {
      saved.current = false;
      form.setErrors(fieldErrors(error));
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={form.onSubmit((values) => void submit(values))} noValidate>
      <UnsavedGuard when={false} what="this system" saved={saved} />
      {restored === null ? null : (
        <Alert variant="light" mb="md" title="What you typed before is still here">
          It is not saved yet.{' '}
          <Button variant="subtle" size="compact-sm" onClick={discard}>
            Begin anew
          </Button>
        </Alert>
      )}
      <Basics form={form} isNew={system === null} />
      <OwnerFields form={form} system={system} />
      <DecisionFields form={form} />
      <DataFields form={form} />
      <UseFields form={form} system={system} />
      <AccessFields form={form} />
      <LinkFields form={form} />
      <div className="bz-form-foot">
        <div>
          <FailureNote failure={failure} />
          {Object.keys(form.errors).length > 0 && failure === null ? (
            <span style={{ color: 'var(--mantine-color-error)' }}>
              Some fields need another look: {Object.keys(form.errors).join(', ')}.
            </span>
          ) : null}
        </div>
        {dirty ? (
          <Button variant="default" onClick={discard}>
            Discard changes
          </Button>
        ) : null}
        <Button type="submit" loading={busy} disabled={system !== null && !dirty}>
          {system === null ? 'Describe this system' : 'Save system'}
        </Button>
      </div>
    </form>
  );
}

function Basics({ form, isNew }: { form: SystemFormApi; isNew: boolean }) {
  const teams = useQuery({ ...teamsQuery, enabled: useMay('endpoints.read') });
  const nameProps = form.getInputProps('name');
  return (
    <Section title="What it is">
      <div className="bz-fields">
        <div className="bz-fields-2">
          <TextInput
            label="Name"
            required
            {...nameProps}
            onChange={(event) => {
              const untouched = isNew && form.values.key === slugOf(form.values.name);
              nameProps.onChange(event);
              if (untouched) form.setFieldValue('key', slugOf(event.currentTarget.value));
            }}
          />
          <TextInput
            label="Key"
            required
            description="Names it in CSV files and on the command line."
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            {...form.getInputProps('key')}
          />
        </div>
        <Textarea
          label="Business purpose"
          description="Why the business runs it, in a sentence or two."
          autosize
          minRows={2}
          {...form.getInputProps('purpose')}
        />
        <Textarea
          label="Description"
          description="How it works, what it is part of."
          autosize
          minRows={2}
          {...form.getInputProps('description')}
        />
        <div className="bz-fields-2">
          <Select
            label="State"
            allowDeselect={false}
            data={SYSTEM_STATES.map((value) => ({ value, label: STATE_WORDS[value] }))}
            {...form.getInputProps('state')}
          />
          <Select
            label="Team"
            placeholder="Everybody's"
            clearable
            description="Others than its people do not see the system."
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            data={teams.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            {...form.getInputProps('teamId')}
          />
        </div>
        <TagsInput
          label="Tags"
          placeholder={form.values.tags.length === 0 ? 'Type one and press Enter' : undefined}
          maxTags={30}
          {...form.getInputProps('tags')}
        />
      </div>
    </Section>
  );
}
