import type { FactorKind } from '@bartizan/contracts';
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useState } from 'react';
import { FailureNote } from '../ui/failure-note.tsx';
import { pageForPasskeys, passkeysWork } from './passkeys.ts';

export type Way = FactorKind | 'password';

const WAYS: Readonly<Record<Way, { readonly title: string; readonly instead: string }>> = {
  passkey: { title: 'Use a passkey', instead: 'Use a passkey' },
  totp: { title: 'Code from your authenticator app', instead: 'Use the authenticator app' },
  recovery: { title: 'Recovery code', instead: 'Use a recovery code' },
  password: { title: 'Password', instead: 'Use your password' },
};

interface FactorFormProps {
  /** What this person can give; the first is offered first. */
  readonly ways: readonly Way[];
  readonly verb: string;
  readonly busy: boolean;
  readonly failure: unknown;
  /** `value` is empty for a passkey: the browser asks for it. */
  readonly onGive: (way: Way, value: string) => void;
}

const ORDER: readonly Way[] = ['passkey', 'totp', 'password', 'recovery'];

/** Asks for one of the ways to prove that it is you, and offers the others. */
export function FactorForm({ ways, verb, busy, failure, onGive }: FactorFormProps) {
  const offered = ORDER.filter((way) => ways.includes(way) && (way !== 'passkey' || passkeysWork()));
  const [chosen, setChosen] = useState<Way | null>(null);
  const [value, setValue] = useState('');
  const way = chosen ?? offered[0];
  if (way === undefined) {
    return <PasskeyElsewhere />;
  }
  const choose = (next: Way) => {
    setChosen(next);
    setValue('');
  };
  return (
    <form
      className="bz-factor"
      onSubmit={(event) => {
        event.preventDefault();
        onGive(way, value);
      }}
    >
      <Field way={way} value={value} onChange={setValue} />
      <FailureNote failure={failure} />
      <Button
        type="submit"
        size="sm"
        loading={busy}
        disabled={way !== 'passkey' && value.trim() === ''}
        leftSection={way === 'passkey' ? <IconFingerprint size={16} /> : null}
        data-autofocus={way === 'passkey' ? true : undefined}
      >
        {way === 'passkey' ? WAYS.passkey.title : verb}
      </Button>
      {offered
        .filter((other) => other !== way)
        .map((other) => (
          <Button key={other} variant="subtle" size="compact-sm" onClick={() => choose(other)}>
            {WAYS[other].instead} instead
          </Button>
        ))}
    </form>
  );
}

/** A passkey is all that the person has, and it cannot be used here. */
function PasskeyElsewhere() {
  const elsewhere = pageForPasskeys();
  return (
    <p>
      This browser cannot use the passkey of your account at this address.{' '}
      {elsewhere === null ? 'Use another device.' : <a href={elsewhere}>Open it at localhost.</a>}
    </p>
  );
}

function Field({ way, value, onChange }: { way: Way; value: string; onChange: (value: string) => void }) {
  const common = {
    label: WAYS[way].title,
    value,
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
    required: true,
    autoFocus: true,
    'data-autofocus': true,
  };
  if (way === 'passkey') return <p>Your browser asks for your fingerprint, face, PIN or security key.</p>;
  if (way === 'password') return <PasswordInput {...common} autoComplete="current-password" />;
  if (way === 'totp')
    return (
      <TextInput
        {...common}
        key="totp"
        description="Six digits."
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={7}
      />
    );
  return (
    <TextInput
      {...common}
      key="recovery"
      description="One of those that you were shown once. Each works once."
      autoComplete="off"
      maxLength={40}
    />
  );
}
