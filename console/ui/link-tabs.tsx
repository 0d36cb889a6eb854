import { Link } from '@tanstack/react-router';

interface Tab {
  readonly value: string;
  readonly label: string;
  readonly count?: number;
}

/** The tab that an address names, or the first where it names none that there is. */
export const knownTab = (named: string | undefined, tabs: readonly [string, ...string[]]): string =>
  named !== undefined && tabs.includes(named) ? named : tabs[0];

/** Tabs that are links: the chosen one is `tab` in the URL, the first being the default. */
export function LinkTabs({ tabs, current, label }: { tabs: readonly Tab[]; current: string; label: string }) {
  return (
    <nav className="bz-tabs" aria-label={label}>
      {tabs.map((tab, index) => (
        <Link
          key={tab.value}
          to="."
          search={(previous: Record<string, unknown>) => ({
            ...previous,
            tab: index === 0 ? undefined : tab.value,
          })}
          aria-current={tab.value === current ? 'page' : undefined}
          data-active={tab.value === current}
          activeProps={{}}
        >
          {tab.label}
          {tab.count === undefined ? null : <span className="bz-count">{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}
