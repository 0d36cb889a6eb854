import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import './sign-in.css';

interface FrameProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly description?: ReactNode;
}

/** The frame of the pages that need nobody to be signed in. */
export function SignInFrame({ title, description, children }: FrameProps) {
  useDocumentTitle(`${title} · Bartizan`);
  return (
    <main className="bz-door">
      <div className="bz-door-panel">
        <div className="bz-door-brand">
          <img src="/icon.svg" alt="" width={28} height={28} />
          Bartizan
        </div>
        <h1>{title}</h1>
        {description ? <p className="bz-dim">{description}</p> : null}
        {children}
      </div>
    </main>
  );
}
