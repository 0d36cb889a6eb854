import { ApiFailure } from '@bartizan/contracts/client.ts';
import { notifications } from '@mantine/notifications';
import { sentence } from './format.ts';

const CLOSE = { closeButtonProps: { 'aria-label': 'Dismiss' } } as const;

/** Says briefly what was done: "Endpoint saved". */
export function toast(message: string): void {
  notifications.show({ ...CLOSE, message, autoClose: 4000, withBorder: true });
}

/** Says what went wrong where no form is there to say it. */
export function toastFailure(failure: unknown): void {
  const hint = failure instanceof ApiFailure ? failure.body.hint : undefined;
  notifications.show({
    ...CLOSE,
    color: 'red',
    title: failure instanceof Error ? sentence(failure.message) : 'Something went wrong',
    message: hint ?? '',
    autoClose: 10_000,
    withBorder: true,
  });
}
