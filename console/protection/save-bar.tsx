import { type PolicyDetail, type PolicyDocument, policyRoutes } from '@bartizan/contracts';
import { Button, Checkbox, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { changeOrPropose } from '../app/propose.ts';
import { useMay } from '../app/session.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { toast } from '../ui/toast.ts';

interface SaveBarProps {
  readonly policy: PolicyDetail;
  readonly document: PolicyDocument;
  /** The version that the draft began from. */
  readonly base: number;
  /** What changed, in words. */
  readonly changes: string;
  readonly onDiscard: () => void;
  readonly onSaved: () => void;
}

/** What can be done with an unsaved draft: try, dry-run, save, discard. */
export function SaveBar({ policy, document, base, changes, onDiscard, onSaved }: SaveBarProps) {
  const [saving, setSaving] = useState(false);
  const mayTry = useMay('policies.try');
  return (
    <div className="bz-form-foot">
      <span>
        Draft: {changes} since version {policy.latestVersion}
        {base < policy.latestVersion ? (
          <>
            . Version {policy.latestVersion} was saved after you began:{' '}
            <Link to="." search={{ tab: 'compare' }}>
              compare before you save
            </Link>
          </>
        ) : null}
      </span>
      <Button variant="subtle" color="gray" onClick={onDiscard}>
        Discard
      </Button>
      {mayTry ? (
        <Button
          variant="default"
          renderRoot={(props) => <Link to="/traffic/playground" search={{ draft: policy.id }} {...props} />}
        >
          Try in playground
        </Button>
      ) : null}
      <Button
        variant="default"
        renderRoot={(props) => <Link to="." search={{ tab: 'dry-run' }} {...props} />}
      >
        Dry run
      </Button>
      <Button onClick={() => setSaving(true)}>Save version {policy.latestVersion + 1}</Button>
      <SaveDialog
        opened={saving}
        onClose={() => setSaving(false)}
        policy={policy}
        document={document}
        changes={changes}
        onSaved={onSaved}
      />
    </div>
  );
}

type DialogProps = Omit<SaveBarProps, 'onDiscard' | 'base'> & {
  readonly opened: boolean;
  readonly onClose: () => void;
};

function SaveDialog({ opened, onClose, policy, document, changes, onSaved }: DialogProps) {
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const [activate, setActivate] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      changeOrPropose({ kind: 'policies.save', policyId: policy.id, document, note: note.trim() }, () =>
        api.call(policyRoutes.addVersion, {
          params: { id: policy.id },
          body: { document, note: note.trim(), activate },
        }),
      ),
    onSuccess: async (changed) => {
      onClose();
      onSaved();
      if (changed.done) {
        const saved = changed.value;
        client.setQueryData(['policies', policy.id], saved);
        toast(`Version ${saved.latestVersion} saved${activate ? ' and live' : ''}`);
      }
      setNote('');
      await client.invalidateQueries({ queryKey: ['policies'] });
    },
  });
  const next = policy.latestVersion + 1;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Save version ${next}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="md">
          <p>{changes.charAt(0).toUpperCase() + changes.slice(1)}.</p>
          <Textarea
            data-autofocus
            label="Note"
            description="Why, for those who read the list of versions later."
            autosize
            minRows={2}
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Checkbox
            label="Put it live at once"
            description={
              policy.endpointIds.length === 0
                ? 'No endpoint uses this policy yet.'
                : `Applies to new requests of ${policy.endpointIds.length === 1 ? '1 endpoint' : `${policy.endpointIds.length} endpoints`} within a second.`
            }
            checked={activate}
            onChange={(event) => setActivate(event.currentTarget.checked)}
          />
          <FormFoot
            failure={save.error}
            verb={activate ? `Save and put version ${next} live` : `Save version ${next}`}
            busy={save.isPending}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
