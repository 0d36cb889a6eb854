import { type Factors, factorRoutes, type Passkey } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { pageForPasskeys, passkeysWork } from '../app/passkeys.ts';
import { meQuery } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Section, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { AppDialog } from './app-dialog.tsx';
import { PasskeyDialog } from './passkey-dialog.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

export const factorsQuery = queryOptions({
  queryKey: ['factors'],
  queryFn: ({ signal }) => api.call(factorRoutes.list, { signal }),
});

/** One's own second factors: the authenticator app, passkeys, recovery codes. */
export function OwnFactors() {
  const query = useQuery(factorsQuery);
  return (
    <Section
      title="Second factor"
      description="Signing in then needs something that you have, not only a password that somebody may have learned."
    >
      <QueryView query={query}>{(factors) => <FactorList factors={factors} />}</QueryView>
    </Section>
  );
}

type Opened = 'app' | 'passkey' | 'remove-app' | 'new-codes' | { readonly remove: Passkey } | null;

function FactorList({ factors }: { factors: Factors }) {
  const [opened, setOpened] = useState<Opened>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const refresh = useRefresh();
  const renew = useMutation({
    mutationFn: () => api.call(factorRoutes.recoveryCodes, {}),
    onSuccess: (answer) => setCodes(answer.recoveryCodes),
    onSettled: refresh,
  });
  const close = () => setOpened(null);
  const none = factors.totpSince === null && factors.passkeys.length === 0;
  const shown = (made: readonly string[]) => {
    close();
    if (made.length > 0) setCodes(made);
    void refresh();
  };
  return (
    <div className="bz-factors">
      <FactorRow
        title="Authenticator app"
        state={
          factors.totpSince === null ? (
            'not set up'
          ) : (
            <>
              since <RelativeTime at={factors.totpSince} />
            </>
          )
        }
      >
        <Button variant="default" size="compact-sm" onClick={() => setOpened('app')}>
          {factors.totpSince === null ? 'Set up' : 'Replace'}
        </Button>
        {factors.totpSince === null ? null : (
          <Button variant="default" size="compact-sm" color="red" onClick={() => setOpened('remove-app')}>
            Remove
          </Button>
        )}
      </FactorRow>
      {factors.passkeys.map((passkey) => (
        <FactorRow
          key={passkey.id}
          title={passkey.name}
          tag={passkey.synced ? 'synced passkey' : 'passkey of one device'}
          state={
            <>
              used <RelativeTime at={passkey.lastUsedAt} never="never" />
            </>
          }
        >
          <Button variant="default" size="compact-sm" onClick={() => setOpened({ remove: passkey })}>
            Remove
          </Button>
        </FactorRow>
      ))}
      <FactorRow
        title="Passkey"
        state={
          passkeysWork() ? (
            'a fingerprint, face, PIN or security key'
          ) : (
            <>
              This browser cannot use one at this address: it takes a name with https, or{' '}
              <a href={pageForPasskeys() ?? '#'}>localhost</a>.
            </>
          )
        }
      >
        <Button
          variant="default"
          size="compact-sm"
          disabled={!passkeysWork()}
          onClick={() => setOpened('passkey')}
        >
          Add a passkey
        </Button>
      </FactorRow>
      {none ? null : (
        <FactorRow
          title="Recovery codes"
          state={`${factors.recoveryCodesLeft} left, for when the other factors are lost`}
        >
          <Button variant="default" size="compact-sm" onClick={() => setOpened('new-codes')}>
            Make new ones
          </Button>
        </FactorRow>
      )}
      <AppDialog opened={opened === 'app'} onClose={close} onDone={shown} />
      <PasskeyDialog opened={opened === 'passkey'} onClose={close} onDone={shown} />
      <RemoveDialogs opened={opened} last={lastOne(factors)} onClose={close} />
      <Confirm
        opened={opened === 'new-codes'}
        danger={false}
        title="Make new recovery codes?"
        verb="Make new codes"
        onClose={close}
        onConfirm={() => renew.mutateAsync()}
      >
        <p>The old ones stop working at once. You see the new ones only now.</p>
      </Confirm>
      <RecoveryCodes codes={codes} onClose={() => setCodes(null)} />
    </div>
  );
}

const lastOne = ({ demanded, totpSince, passkeys }: Factors): boolean =>
  demanded && (totpSince === null ? 0 : 1) + passkeys.length === 1;

/** What depends on the factors is read again. */
function useRefresh() {
  const client = useQueryClient();
  return async () => {
    await Promise.all(
      [factorsQuery.queryKey, meQuery.queryKey, ['sessions'] as const].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  };
}

interface RowProps {
  readonly title: string;
  readonly tag?: string;
  readonly state: React.ReactNode;
  readonly children: React.ReactNode;
}

const FactorRow = ({ title, tag, state, children }: RowProps) => (
  <div className="bz-factor-row">
    <div>
      <b>{title}</b> {tag ? <Tag>{tag}</Tag> : null}
      <div className="bz-dim">{state}</div>
    </div>
    <div className="bz-factor-acts">{children}</div>
  </div>
);

interface RemoveProps {
  readonly opened: Opened;
  /** The only factor of somebody of whom one is demanded. */
  readonly last: boolean;
  readonly onClose: () => void;
}

function RemoveDialogs({ opened, last, onClose }: RemoveProps) {
  const refresh = useRefresh();
  const passkey = typeof opened === 'object' && opened !== null ? opened.remove : null;
  const consequence = last
    ? 'It is your only second factor and one is demanded of you: set up another first.'
    : 'It stops working at once, and your other sessions end.';
  return (
    <>
      <Confirm
        opened={opened === 'remove-app'}
        title="Remove the authenticator app?"
        verb="Remove the app"
        onClose={onClose}
        onConfirm={async () => {
          await api.call(factorRoutes.totpRemove, {});
          await refresh();
        }}
      >
        <p>{consequence}</p>
      </Confirm>
      <Confirm
        opened={passkey !== null}
        title={`Remove the passkey ${passkey?.name ?? ''}?`}
        verb="Remove the passkey"
        onClose={onClose}
        onConfirm={async () => {
          if (passkey) await api.call(factorRoutes.passkeyRemove, { params: { id: passkey.id } });
          await refresh();
        }}
      >
        <p>{consequence}</p>
      </Confirm>
    </>
  );
}
