import { identityRoutes } from '@bartizan/contracts';
import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { api, queryClient } from '../app/api.ts';
import { meQuery, stateQuery } from '../app/session.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { fieldErrors, validateWith } from '../ui/form.ts';
import { SignInFrame } from './frame.tsx';
import { NewPasswordField } from './password-field.tsx';

const route = getRouteApi('/setup');

export function SetupPage() {
  const { token = '' } = route.useSearch();
  const navigate = useNavigate();
  const state = useQuery(stateQuery);
  const form = useForm({
    initialValues: { name: '', email: '', password: '' },
    validate: validateWith(identityRoutes.setup.body!.omit({ token: true })),
  });
  const setup = useMutation({
    meta: { public: true },
    mutationFn: (values: typeof form.values) =>
      api.call(identityRoutes.setup, { body: { ...values, token } }),
    onSuccess: async (me) => {
      queryClient.setQueryData(meQuery.queryKey, me);
      queryClient.removeQueries({ queryKey: stateQuery.queryKey });
      await navigate({ to: '/', search: { welcome: '1' } });
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });

  if (state.data?.setUp === true && !setup.isSuccess) {
    return (
      <SignInFrame title="Bartizan is set up already">
        <p>The setup link has been used.</p>
        <Button size="sm" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
          Sign in
        </Button>
      </SignInFrame>
    );
  }
  if (token === '') {
    return (
      <SignInFrame title="The setup link is incomplete">
        <p>Open the whole link that Bartizan printed when it started; it ends with a token.</p>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame
      title="Set up Bartizan"
      description="You become the first administrator. Everybody else is invited from the console."
    >
      <form onSubmit={form.onSubmit((values) => setup.mutate(values))} noValidate>
        <TextInput label="Your name" autoComplete="name" required autoFocus {...form.getInputProps('name')} />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          {...form.getInputProps('email')}
        />
        <NewPasswordField label="Password" {...form.getInputProps('password')} value={form.values.password} />
        <FailureNote failure={setup.error} />
        <Button type="submit" size="sm" loading={setup.isPending}>
          Create administrator
        </Button>
      </form>
    </SignInFrame>
  );
}
