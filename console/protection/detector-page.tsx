import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Gate } from '../app/gate.tsx';
import { useMay } from '../app/session.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page } from '../ui/page.tsx';
import { ComparisonsTab } from './detector-comparisons.tsx';
import { CorrectionsTab } from './detector-corrections.tsx';
import { DetectorModelsTab } from './detector-models.tsx';

const route = getRouteApi('/house/protection/detector');

const WORDS = {
  models: 'The trained model behind the check “Prompt injection and jailbreak”, and how it came to be live.',
  comparisons: 'What a candidate would have done on recorded traffic, before it is put live.',
  corrections: 'Where people said that the check was wrong. Their corrections train the next model.',
} as const;

const TITLES = {
  models: 'Injection detector',
  comparisons: 'Comparisons · Injection detector',
  corrections: 'Corrections · Injection detector',
} as const;

/** The injection detector's models, their comparisons, and what people corrected. */
export function DetectorPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayContent = useMay('interactions.content');
  const known: [string, ...string[]] = mayContent
    ? ['models', 'comparisons', 'corrections']
    : ['models', 'comparisons'];
  const current = knownTab(search.tab, known) as keyof typeof WORDS;
  const change = (next: object) =>
    void navigate({ to: '/protection/detector', search: { ...search, ...next }, replace: true });
  return (
    <Gate permission="detector.read">
      <Page title={TITLES[current]} description={WORDS[current]}>
        <LinkTabs
          label="Injection detector"
          current={current}
          tabs={[
            { value: 'models', label: 'Models' },
            { value: 'comparisons', label: 'Comparisons' },
            ...(mayContent ? [{ value: 'corrections', label: 'Corrections' }] : []),
          ]}
        />
        {current === 'models' ? <DetectorModelsTab /> : null}
        {current === 'comparisons' ? <ComparisonsTab /> : null}
        {current === 'corrections' ? <CorrectionsTab search={search} onSearch={change} /> : null}
      </Page>
    </Gate>
  );
}
