import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

interface PageProps {
  readonly title: string;
  /** Shown in the heading instead of the plain title. */
  readonly heading?: ReactNode;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  /** A link back to the list that this is an item of. */
  readonly above?: ReactNode;
  readonly narrow?: boolean;
  readonly children: ReactNode;
}

/** Heading, what can be done here, and the content. Sets the title of the window. */
export function Page({ title, heading, description, actions, above, narrow = false, children }: PageProps) {
  useDocumentTitle(`${title} · Bartizan`);
  return (
    <div className="bz-page" data-narrow={narrow}>
      {above ? <nav className="bz-above">{above}</nav> : null}
      <header className="bz-page-head">
        <div>
          <h1>{heading ?? title}</h1>
          {description ? <p className="bz-dim">{description}</p> : null}
        </div>
        {actions ? <div className="bz-actions">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** Without inner padding, for tables. */
  readonly flush?: boolean;
  readonly id?: string;
}

/** A titled panel. */
export function Section({ title, description, actions, children, flush = false, id }: SectionProps) {
  return (
    <section className="bz-section" data-flush={flush} id={id} aria-label={title}>
      <header>
        <div>
          <h2>{title}</h2>
          {description ? <p className="bz-dim">{description}</p> : null}
        </div>
        {actions ? <div className="bz-actions">{actions}</div> : null}
      </header>
      <div className="bz-section-body">{children}</div>
    </section>
  );
}

interface FactsProps {
  readonly items: readonly (readonly [name: string, value: ReactNode])[];
  /** Names are people's keys, which may be long: more room for them. */
  readonly keys?: boolean;
}

/** Names and values, two columns. */
export function Facts({ items, keys = false }: FactsProps) {
  return (
    <dl className="bz-facts" data-keys={keys}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A small neutral label. */
export const Tag = ({ children, title }: { children: ReactNode; title?: string }) => (
  <span className="bz-tag" title={title}>
    {children}
  </span>
);
