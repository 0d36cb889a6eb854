import { factorRoutes, type Role, type SignInSettings } from '@bartizan/contracts';
import { Button, Group, NumberInput, Radio, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { meQuery } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { Section } from '../../ui/page.tsx';
import { QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.ts';
import { RoleChoice } from '../people/role-choice.tsx';
import { settingsQuery } from './queries.ts';

/** Of whom a second factor is demanded, and how long sessions live. */
export function Rules({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(settingsQuery);
  return (
    <QueryView query={query}>
      {(settings) => <RulesForm key={settings.version} settings={settings} mayManage={mayManage} />}
    </QueryView>
  );
}

const hoursInWords = (minutes: number): string | undefined =>
  minutes >= 60 ? `${Math.round(minutes / 6) / 10} hours` : undefined;

interface Values {
  of: SignInSettings['secondFactor']['of'];
  roles: Role[];
  idleMinutes: number;
  sessionHours: number;
}

function RulesForm({ settings, mayManage }: { settings: SignInSettings; mayManage: boolean }) {
  const client = useQueryClient();
  const { secondFactor } = settings;
  const form = useForm<Values>({
    initialValues: {
      of: secondFactor.of,
      roles: secondFactor.of === 'roles' ? secondFactor.roles : ['administrator', 'security'],
      idleMinutes: settings.idleMinutes,
      sessionHours: settings.sessionHours,
    },
    validate: {
      roles: (roles, { of }) => (of === 'roles' && roles.length === 0 ? 'Choose at least one role' : null),
    },
  });
  const save = useMutation({
    mutationFn: ({ of, roles, idleMinutes, sessionHours }: Values) =>
      api.call(factorRoutes.changeSettings, {
        body: {
          ...settings,
          secondFactor: of === 'roles' ? { of, roles } : { of },
          idleMinutes,
          sessionHours,
        },
      }),
    onSuccess: async (saved) => {
      client.setQueryData(settingsQuery.queryKey, saved);
      await client.invalidateQueries({ queryKey: meQuery.queryKey });
      toast('Rules saved');
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <fieldset disabled={!mayManage} className="bz-fieldset">
        <Section
          title="Second factor"
          description="An authenticator app or a passkey beside the password. Emergency accounts are exempt."
        >
          <Radio.Group aria-label="Of whom a second factor is demanded" {...form.getInputProps('of')}>
            <Stack gap={8}>
              <Radio size="xs" value="nobody" label="Demanded of nobody: each person decides" />
              <Radio
                size="xs"
                value="everyone"
                label="Demanded of everyone"
                description="Who has none yet can do nothing else until one is set up, from now on."
              />
              <Radio size="xs" value="roles" label="Demanded of these roles" />
            </Stack>
          </Radio.Group>
          {form.values.of === 'roles' ? (
            <div style={{ margin: '12px 0 0 28px' }}>
              <RoleChoice
                value={form.values.roles}
                error={form.errors.roles}
                onChange={(roles) => form.setFieldValue('roles', roles)}
              />
            </div>
          ) : null}
        </Section>
        <Section title="Sessions">
          <Group gap="md" align="start">
            <NumberInput
              label="Ends when unused for"
              suffix=" minutes"
              description={hoursInWords(form.values.idleMinutes)}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              min={5}
              max={1440}
              {...form.getInputProps('idleMinutes')}
            />
            <NumberInput
              label="Ends in any case after"
              suffix=" hours"
              min={1}
              max={720}
              {...form.getInputProps('sessionHours')}
            />
          </Group>
        </Section>
      </fieldset>
      <FailureNote failure={save.error} />
      <Group justify="space-between" mb="lg">
        <span className="bz-dim">
          {settings.updatedAt === null ? (
            'Never changed.'
          ) : (
            <>
              Changed <RelativeTime at={settings.updatedAt} />.
            </>
          )}
        </span>
        {mayManage ? (
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            Save rules
          </Button>
        ) : null}
      </Group>
    </form>
  );
}
