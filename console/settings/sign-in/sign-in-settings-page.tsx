import { getRouteApi } from '@tanstack/react-router';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { Page } from '../../ui/page.tsx';
import { FourEyes } from './four-eyes.tsx';
import { Provisioning } from './provisioning.tsx';
import { Rules } from './rules.tsx';
import { SingleSignOn } from './single-sign-on.tsx';
import '../settings.css';

const route = getRouteApi('/house/settings/sign-in');

/** How people sign in: rules, identity providers, provisioning. */
export function SignInSettingsPage() {
  const tab = knownTab(route.useSearch().tab, ['rules', 'sso', 'scim']);
  const mayManage = useMay('sign-in.manage');
  return (
    <Gate permission="sign-in.read">
      <Page
        narrow
        title="Sign-in"
        description="What people must show to get in, and who tells Bartizan about them."
      >
        <LinkTabs
          label="Sign-in"
          current={tab}
          tabs={[
            { value: 'rules', label: 'Rules' },
            { value: 'sso', label: 'Single sign-on' },
            { value: 'scim', label: 'Provisioning' },
          ]}
        />
        {tab === 'rules' ? (
          <>
            <Rules mayManage={mayManage} />
            <FourEyes mayManage={mayManage} />
          </>
        ) : null}
        {tab === 'sso' ? <SingleSignOn mayManage={mayManage} /> : null}
        {tab === 'scim' ? <Provisioning mayManage={mayManage} /> : null}
      </Page>
    </Gate>
  );
}
