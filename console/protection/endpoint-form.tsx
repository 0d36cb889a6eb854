import { type Endpoint, EndpointInput } from '@bartizan/contracts';
import { Button, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { policiesQuery, teamsQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { fieldErrors, validateWith } from '../ui/form.ts';
import { LimitsFields } from '../ui/limits-fields.tsx';
import { Section } from '../ui/page.tsx';
import { UnsavedGuard } from '../ui/unsaved.tsx';
import { type EndpointValues, initialValues, slugOf } from './endpoint-values.ts';
import { ModelFields } from './model-fields.tsx';
import { ReliabilityFields, RetentionFields } from './retention-fields.tsx';
import { UpstreamsFields } from './upstreams-fields.tsx';

interface FormProps {
  readonly endpoint: Endpoint | null;
  /** What a new endpoint is guarded by at first. */
  readonly policyId?: string | null;
  readonly save: (values: EndpointValues) => Promise<Endpoint>;
  readonly onSaved: (endpoint: Endpoint) => Promise<void>;
}

/** Everything about an endpoint, in sections. Those who may not change it see it disabled. */
export function EndpointForm({ endpoint, policyId = null, save, onSaved }: FormProps) {
  const disabled = !useMay('endpoints.manage');
  const policies = useQuery({ ...policiesQuery, enabled: useMay('policies.read') });
  const teams = useQuery(teamsQuery);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const saved = useRef(false);
  const form = useForm<EndpointValues>({
    initialValues: initialValues(endpoint, policyId),
    validate: validateWith(EndpointInput),
    validateInputOnBlur: true,
  });
  const submit = async (values: EndpointValues) => {
    setBusy(true);
    setFailure(null);
    try {
      const answer = await save(EndpointInput.parse(values));
      saved.current = true;
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
  const nameProps = form.getInputProps('name');
  const dirty = form.isDirty();
  return (
    <form onSubmit={form.onSubmit((values) => void submit(values))} noValidate>
      <UnsavedGuard when={dirty} what="this endpoint" saved={saved} />
      <Section title="Basics">
        <div className="bz-fields">
          <div className="bz-fields-2">
            <TextInput
              label="Name"
              required
              disabled={disabled}
              {...nameProps}
              onChange={(event) => {
                const untouched = endpoint === null && form.values.slug === slugOf(form.values.name);
                nameProps.onChange(event);
                if (untouched) form.setFieldValue('slug', slugOf(event.currentTarget.value));
              }}
            />
            <TextInput
              label="Short name"
              required
              disabled={disabled}
              description="In addresses and model names. Clients break when it changes."
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('slug')}
            />
          </div>
          <Textarea
            label="Description"
            autosize
            minRows={1}
            disabled={disabled}
            {...form.getInputProps('description')}
          />
          <div className="bz-fields-2">
            <Select
              label="Policy"
              placeholder="None: nothing is guarded"
              clearable
              allowDeselect
              disabled={disabled}
              data={
                policies.data?.map((policy) => ({
                  value: policy.id,
                  label: policy.mode === 'shadow' ? `${policy.name} (shadow)` : policy.name,
                })) ?? []
              }
              {...form.getInputProps('policyId')}
            />
            <Select
              label="Team"
              placeholder="Everybody's"
              clearable
              disabled={disabled}
              description="Others than its people do not see the endpoint and its interactions."
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              data={teams.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
              {...form.getInputProps('teamId')}
            />
            <Switch
              label="Takes requests"
              disabled={disabled}
              {...form.getInputProps('enabled', { type: 'checkbox' })}
            />
          </div>
        </div>
      </Section>
      <UpstreamsFields form={form} endpoint={endpoint} disabled={disabled} />
      <Section
        title="Models"
        description="Names that clients may ask for. With none, every model of the upstream is allowed."
      >
        <ModelFields form={form} disabled={disabled} />
      </Section>
      <Section
        title="Limits"
        description="For the whole endpoint. An empty field is unlimited; keys have limits of their own."
      >
        <LimitsFields
          value={form.values.limits}
          disabled={disabled}
          onChange={(limits) => form.setFieldValue('limits', limits)}
        />
        <h3 style={{ margin: '16px 0 4px' }}>For each end user</h3>
        <p className="bz-dim bz-note" style={{ marginBottom: 8 }}>
          End users are those that requests name as <code>user</code> or <code>metadata.user_id</code>.
        </p>
        <LimitsFields
          value={form.values.userLimits}
          disabled={disabled}
          onChange={(userLimits) => form.setFieldValue('userLimits', userLimits)}
        />
      </Section>
      <RetentionFields form={form} disabled={disabled} />
      <Section
        title="Guarding"
        description="What happens when a guard itself fails, and secrets whose appearance in an answer is a leak."
      >
        <div className="bz-fields">
          <Select
            label="When a guard fails or takes too long"
            disabled={disabled}
            data={[
              { value: 'deny', label: 'Deny the request' },
              { value: 'allow', label: 'Allow it and flag it' },
            ]}
            {...form.getInputProps('onGuardError')}
          />
          <TagsInput
            label="Canaries"
            description="Secret strings planted in the system prompt, 6 to 200 characters each. A leak check looks for them in answers."
            placeholder={form.values.canaries.length === 0 ? 'Type one and press Enter' : undefined}
            splitChars={['\n']}
            maxTags={20}
            disabled={disabled}
            {...form.getInputProps('canaries')}
            error={Object.entries(form.errors).find(([path]) => path.startsWith('canaries'))?.[1]}
          />
        </div>
      </Section>
      <ReliabilityFields form={form} disabled={disabled} />
      {disabled ? null : (
        <div className="bz-form-foot">
          <div>
            <FailureNote failure={failure} />
            {Object.keys(form.errors).length > 0 && failure === null ? (
              <span style={{ color: 'var(--mantine-color-error)' }}>Some fields need another look.</span>
            ) : null}
          </div>
          {endpoint !== null && dirty ? (
            <Button variant="default" onClick={form.reset}>
              Discard changes
            </Button>
          ) : null}
          <Button type="submit" loading={busy} disabled={endpoint !== null && !dirty}>
            {endpoint === null ? 'Create endpoint' : 'Save endpoint'}
          </Button>
        </div>
      )}
    </form>
  );
}
