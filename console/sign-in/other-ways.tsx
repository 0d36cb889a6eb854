import { factorRoutes, federationRoutes } from '@bartizan/contracts';
import { routeUrl } from '@bartizan/contracts/client.ts';
import { Button, Divider } from '@mantine/core';
import { IconFingerprint, IconLogin2 } from '@tabler/icons-react';
import { queryOptions, useMutation } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { givePasskey, pageForPasskeys, passkeysWork } from '../app/passkeys.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { welcome } from './second-step.tsx';

/** Identity providers to sign in with, and whether passwords are left beside them. */
export const waysQuery = queryOptions({
  queryKey: ['sign-in-ways'],
  queryFn: ({ signal }) => api.call(federationRoutes.ssoButtons, { signal }),
});

interface OtherWaysProps {
  readonly providers: readonly { readonly id: string; readonly label: string }[];
  readonly passkeys: boolean;
  readonly next: string;
  readonly onSignedIn: () => void;
}

/** Signing in without a password: with a passkey, or at an identity provider. */
export function OtherWays({ providers, passkeys, next, onSignedIn }: OtherWaysProps) {
  const passkey = useMutation({
    meta: { public: true },
    mutationFn: async () => {
      const assertion = await givePasskey(await api.call(factorRoutes.passkeyOptions, {}));
      return api.call(factorRoutes.passkey, { body: { assertion } });
    },
    onSuccess: (answer) => {
      welcome(answer);
      onSignedIn();
    },
  });
  const withPasskey = passkeys && passkeysWork();
  const elsewhere = passkeys && !withPasskey ? pageForPasskeys() : null;
  if (!withPasskey && elsewhere === null && providers.length === 0) return null;
  return (
    <div className="bz-door-ways">
      <Divider label="or" labelPosition="center" />
      {providers.map(({ id, label }) => (
        <Button
          key={id}
          variant="default"
          size="sm"
          leftSection={<IconLogin2 size={16} />}
          component="a"
          href={routeUrl(federationRoutes.ssoStart, { params: { id }, query: { returnTo: next } })}
        >
          Sign in with {label}
        </Button>
      ))}
      {withPasskey ? (
        <Button
          variant="default"
          size="sm"
          leftSection={<IconFingerprint size={16} />}
          loading={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          Sign in with a passkey
        </Button>
      ) : null}
      {elsewhere === null ? null : (
        <p className="bz-dim">
          Passkeys work at <a href={elsewhere}>localhost</a>, not at this address.
        </p>
      )}
      <FailureNote failure={passkey.error} />
    </div>
  );
}
