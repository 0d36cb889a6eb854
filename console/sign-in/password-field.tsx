import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { judgePassword } from './password-strength.ts';

/** A field for a new password that says while typing how hard it would be to guess. */
export function NewPasswordField({ value, ...props }: PasswordInputProps & { value: string }) {
  const { share, words } = judgePassword(value);
  return (
    <div>
      <PasswordInput {...props} value={value} autoComplete="new-password" required />
      <div className="bz-strength" role="status">
        {value === '' ? (
          'At least 12 characters. Four or five unrelated words are easy to remember and hard to guess.'
        ) : (
          <>
            <div className="bz-bar" aria-hidden>
              <i style={{ width: `${Math.round(share * 100)}%` }} />
            </div>
            {words}
          </>
        )}
      </div>
    </div>
  );
}
