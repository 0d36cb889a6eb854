import { PolicyDocument, policyRoutes } from '@bartizan/contracts';
import { Button, Radio, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { z } from 'zod';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { checksQuery, policiesQuery } from '../app/queries.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { fieldErrors, validateWith } from '../ui/form.ts';
import { formatNoun } from '../ui/format.ts';
import { Page, Section } from '../ui/page.tsx';
import { toast } from '../ui/toast.ts';
import { standardSet } from './rules.ts';

const Values = z.object({
  name: z.string().trim().min(1, 'give it a name').max(100),
  description: z.string().max(500),
  start: z.enum(['standard', 'copy', 'empty']),
  copyOf: z.string().nullable(),
});

export function NewPolicyPage() {
  return (
    <Gate permission="policies.manage">
      <NewPolicy />
    </Gate>
  );
}

function NewPolicy() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const checks = useQuery(checksQuery);
  const policies = useQuery(policiesQuery);
  const form = useForm<z.infer<typeof Values>>({
    initialValues: { name: '', description: '', start: 'standard', copyOf: null },
    validate: (values) => ({
      ...validateWith(Values)(values),
      ...(values.start === 'copy' && values.copyOf === null ? { copyOf: 'choose a policy to copy' } : {}),
    }),
  });
  const create = useMutation({
    mutationFn: async (values: z.infer<typeof Values>) => {
      const { name, description } = values;
      return api.call(policyRoutes.create, { body: { name, description, document: await start(values) } });
    },
    onSuccess: async (policy) => {
      await client.invalidateQueries({ queryKey: ['policies'] });
      toast(`Policy ${policy.name} created`);
      await navigate({ to: '/protection/policies/$id', params: { id: policy.id } });
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  const start = async ({ start, copyOf }: z.infer<typeof Values>): Promise<PolicyDocument> => {
    if (start === 'standard') return standardSet(checks.data ?? []);
    if (start === 'copy' && copyOf)
      return (await api.call(policyRoutes.get, { params: { id: copyOf } })).document;
    return PolicyDocument.parse({ rules: [] });
  };
  return (
    <Page narrow title="Create policy" above={<Link to="/protection/policies">Policies</Link>}>
      <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
        <Section title="Basics">
          <Stack gap="sm">
            <TextInput label="Name" required {...form.getInputProps('name')} />
            <Textarea label="Description" autosize minRows={1} {...form.getInputProps('description')} />
            <Radio.Group label="Start from" {...form.getInputProps('start')}>
              <Stack gap={8} mt={6}>
                <Radio
                  size="xs"
                  value="standard"
                  label={`The standard set${checks.data ? `: ${formatNoun(checks.data.length, 'rule')}` : ''}`}
                  description="Every check of the catalogue with the settings that it recommends. Checks that must be told what to look for start switched off."
                />
                <Radio
                  size="xs"
                  value="copy"
                  label="A copy of another policy"
                  disabled={policies.data?.length === 0}
                />
                <Radio size="xs" value="empty" label="No rules" />
              </Stack>
            </Radio.Group>
            {form.values.start === 'copy' ? (
              <Select
                label="Policy to copy"
                data={policies.data?.map((policy) => ({ value: policy.id, label: policy.name })) ?? []}
                {...form.getInputProps('copyOf')}
              />
            ) : null}
            <p className="bz-dim">It guards nothing until an endpoint uses it.</p>
          </Stack>
        </Section>
        <FailureNote failure={create.error} />
        <div className="bz-actions" style={{ justifyContent: 'flex-end', marginTop: 16 }}>
          <Button
            type="submit"
            loading={create.isPending}
            disabled={form.values.start === 'standard' && !checks.data}
          >
            Create policy
          </Button>
        </div>
      </form>
    </Page>
  );
}
