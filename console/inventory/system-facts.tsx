import type { SystemDetail, SystemLink } from '@bartizan/contracts';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyableId } from '../ui/copy.tsx';
import { formatDay, formatNoun } from '../ui/format.ts';
import { Facts, Section, Tag } from '../ui/page.tsx';
import { SeverityBadge } from '../ui/severity.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { BAND_WORDS, HOW_WORDS, ORIGIN_WORDS, PERSONAL_WORDS, USER_WORDS } from './system-fields.tsx';
import { ClassBadge, Party, TierBadge } from './system-words.tsx';

const NOT_SAID = <span className="bz-dim">not said yet</span>;
const orNot = (text: string): ReactNode => (text === '' ? NOT_SAID : <div className="bz-prose">{text}</div>);

/** What is said of a system, and what of it needs a look. */
export function FactsTab({ system }: { system: SystemDetail }) {
  return (
    <div className="bz-columns">
      <div>
        <Needs system={system} />
        <Section title="What it is for">
          <Facts
            items={[
              ['Purpose', orNot(system.purpose)],
              ['Description', orNot(system.description)],
              [
                'Decisions',
                <div key="d">
                  {system.decisions.how === null ? NOT_SAID : HOW_WORDS[system.decisions.how]}
                  {system.decisions.text === '' ? null : (
                    <div className="bz-prose">{system.decisions.text}</div>
                  )}
                </div>,
              ],
              ['People', <People key="p" system={system} />],
            ]}
          />
        </Section>
        <Section title="What goes in">
          <Facts
            items={[
              ['Inputs', orNot(system.inputs)],
              [
                'Data sources',
                system.dataSources.length === 0 ? (
                  NOT_SAID
                ) : (
                  <ul key="s">
                    {system.dataSources.map((source) => (
                      <li key={source.name}>
                        {source.name}{' '}
                        <span className="bz-dim">
                          {source.kind}, {PERSONAL_WORDS[source.personalData]}
                        </span>
                      </li>
                    ))}
                  </ul>
                ),
              ],
            ]}
          />
        </Section>
        <Uses system={system} />
      </div>
      <Side system={system} />
    </div>
  );
}

function Needs({ system }: { system: SystemDetail }) {
  if (system.attention.length === 0) return null;
  return (
    <Section title="Needs attention">
      <ul className="bz-reasons">
        {system.attention.map((one) => (
          <li key={one.kind}>
            <SeverityBadge severity={one.severity} /> {one.reason}
            <div className="bz-dim">{one.next}</div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function People({ system }: { system: SystemDetail }) {
  const { groups, band, vulnerable } = system.people;
  if (groups.length === 0 && band === null && vulnerable.length === 0) return NOT_SAID;
  return (
    <>
      {groups.join(', ')}
      {band === null ? null : <div className="bz-dim">{BAND_WORDS[band]} a year</div>}
      {vulnerable.length === 0 ? null : (
        <div className="bz-flagged">In a weak position: {vulnerable.join(', ')}</div>
      )}
    </>
  );
}

function Links({
  links,
  hidden,
  render,
}: {
  links: readonly SystemLink[];
  hidden: number;
  render: (link: SystemLink) => ReactNode;
}) {
  if (links.length + hidden === 0) return <span className="bz-dim">none linked</span>;
  return (
    <ul>
      {links.map((link) => (
        <li key={link.id}>
          {link.gone ? <span className="bz-flagged">removed ({link.id.slice(-6)})</span> : render(link)}
        </li>
      ))}
      {hidden > 0 ? <li className="bz-dim">{hidden} more of other teams</li> : null}
    </ul>
  );
}

function Uses({ system }: { system: SystemDetail }) {
  return (
    <Section title="What it uses">
      <Facts
        items={[
          [
            'Models',
            <div key="m">
              {system.models.length + system.hidden.models === 0 && system.vendorModels.length > 0 ? null : (
                <Links
                  links={system.models}
                  hidden={system.hidden.models}
                  render={({ id, name }) => (
                    <Link to="/inventory/models/$id" params={{ id }}>
                      {name}
                    </Link>
                  )}
                />
              )}
              {system.vendorModels.length === 0 ? null : (
                <div>
                  {system.vendorModels.join(', ')} <span className="bz-dim">not in the registry</span>
                </div>
              )}
            </div>,
          ],
          [
            'Endpoints',
            <Links
              key="e"
              links={system.endpoints}
              hidden={system.hidden.endpoints}
              render={({ id, name, slug }) => (
                <>
                  <Link to="/protection/endpoints/$id" params={{ id }}>
                    {name}
                  </Link>{' '}
                  <span className="bz-dim bz-mono">{slug}</span>{' '}
                  <Link to="/traffic/interactions" search={{ endpoint: id }}>
                    Interactions
                  </Link>
                </>
              )}
            />,
          ],
          [
            'Whose it is',
            <div key="o">
              {system.origin.kind === null ? NOT_SAID : ORIGIN_WORDS[system.origin.kind]}
              {system.origin.vendor === '' ? null : <div>{system.origin.vendor}</div>}
              <Outside url={system.origin.contractUrl} title="Contract" />
              <Outside url={system.origin.dpaUrl} title="Data processing agreement" />
            </div>,
          ],
          [
            'Who can use it',
            <div key="a">
              {system.access.users.length === 0
                ? NOT_SAID
                : system.access.users.map((user) => USER_WORDS[user]).join(', ')}
              {system.access.authentication === '' ? null : (
                <div className="bz-dim">{system.access.authentication}</div>
              )}
            </div>,
          ],
        ]}
      />
    </Section>
  );
}

const Outside = ({ url, title }: { url: string; title: string }) =>
  url === '' ? null : (
    <div>
      <a href={url} target="_blank" rel="noreferrer noopener">
        {title}
      </a>
    </div>
  );

function Side({ system }: { system: SystemDetail }) {
  return (
    <div>
      <Section title="At a glance">
        <Facts
          items={[
            [
              'Risk tier',
              <TierBadge
                key="t"
                tier={system.risk?.tier ?? null}
                set={(system.risk?.override?.tier ?? null) !== null}
              />,
            ],
            ...(system.risk === null
              ? []
              : ([
                  [
                    'EU AI Act',
                    <ClassBadge
                      key="c"
                      actClass={system.risk.actClass}
                      set={(system.risk.override?.actClass ?? null) !== null}
                    />,
                  ],
                ] as const)),
            ['Owner', <Party key="o" party={system.owner} />],
            ['Stands in', <Party key="b" party={system.backupOwner} />],
            ['Told first', system.monitoringContact === '' ? NOT_SAID : system.monitoringContact],
            ['Team', system.team?.name ?? 'everybody’s'],
            [
              'Next review',
              system.nextReviewOn === null ? NOT_SAID : formatDay(Date.parse(system.nextReviewOn)),
            ],
            ['Every', formatNoun(system.reviewEveryDays, 'day')],
            [
              'Last review',
              system.lastReview === null ? (
                <span className="bz-dim">never</span>
              ) : (
                <span key="r">
                  <RelativeTime at={system.lastReview.at} /> by {system.lastReview.by}
                  {system.lastReview.note === '' ? null : (
                    <div className="bz-dim">{system.lastReview.note}</div>
                  )}
                </span>
              ),
            ],
            [
              'Described',
              <span key="d">
                <RelativeTime at={system.createdAt} /> by {system.createdBy}
              </span>,
            ],
            ['Changed', <RelativeTime key="u" at={system.updatedAt} />],
            ['Id', <CopyableId key="i" value={system.id} />],
          ]}
        />
      </Section>
      {system.tags.length > 0 ? (
        <Section title="Tags">
          <span className="bz-tags">
            {system.tags.map((tag) => (
              <Link key={tag} to="/inventory/systems" search={{ tag }}>
                <Tag>{tag}</Tag>
              </Link>
            ))}
          </span>
        </Section>
      ) : null}
      {system.links.length > 0 ? (
        <Section title="Links">
          {system.links.map(({ title, url }) => (
            <Outside key={`${title} ${url}`} url={url} title={title} />
          ))}
        </Section>
      ) : null}
    </div>
  );
}
