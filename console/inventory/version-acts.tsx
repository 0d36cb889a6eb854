import { registryRoutes, VERSION_STAGES, type VersionDetail, type VersionStage } from '@bartizan/contracts';
import { ActionIcon, Button, Checkbox, Menu, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { IconDots, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api } from '../app/api.ts';
import { Confirm } from '../ui/confirm.tsx';
import { FormFoot } from '../ui/form-foot.tsx';
import { toast } from '../ui/toast.ts';
import { baseOf } from './base.ts';
import { STAGE_TITLES } from './stages.ts';

type Act = 'stage' | 'alias' | 'edit' | 'remove';

/** What can be done with a version. */
export function VersionActs({ version }: { version: VersionDetail }) {
  const [act, setAct] = useState<Act | null>(null);
  const close = () => setAct(null);
  if (!version.may.write && !version.may.manage) return null;
  return (
    <>
      {version.may.write && version.status === 'ready' ? (
        <>
          <Button variant="default" onClick={() => setAct('alias')}>
            Aliases
          </Button>
          <Button variant="default" onClick={() => setAct('stage')}>
            Move to a stage
          </Button>
        </>
      ) : null}
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More actions">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {version.may.write ? (
            <Menu.Item onClick={() => setAct('edit')}>Change description or base</Menu.Item>
          ) : null}
          {version.may.manage ? (
            <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={() => setAct('remove')}>
              Remove version
            </Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      <Dialog title="Move to a stage" opened={act === 'stage'} onClose={close}>
        <StageForm version={version} onDone={close} />
      </Dialog>
      <Dialog title="Aliases" opened={act === 'alias'} onClose={close}>
        <AliasForm version={version} onDone={close} />
      </Dialog>
      <Dialog title="Change the version" opened={act === 'edit'} onClose={close}>
        <EditForm version={version} onDone={close} />
      </Dialog>
      <Removal version={version} opened={act === 'remove'} onClose={close} />
    </>
  );
}

function Dialog({
  title,
  opened,
  onClose,
  children,
}: {
  title: string;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      {children}
    </Modal>
  );
}

interface FormProps {
  readonly version: VersionDetail;
  readonly onDone: () => void;
}

const paramsOf = ({ modelId, version }: VersionDetail) => ({ model: modelId, version: String(version) });

/** Changes something of a version, then has all that shows models asked again. */
function useChange<T = void>(run: (input: T) => Promise<unknown>, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['models'] });
      await client.invalidateQueries({ queryKey: ['scans'] });
      onDone();
    },
  });
}

function StageForm({ version, onDone }: FormProps) {
  const [stage, setStage] = useState<VersionStage>(version.stage);
  const [archiveExisting, setArchive] = useState(true);
  const change = useChange(
    () => api.call(registryRoutes.stage, { params: paramsOf(version), body: { stage, archiveExisting } }),
    () => {
      toast(`Version ${version.version} is in ${STAGE_TITLES[stage].toLowerCase()}`);
      onDone();
    },
  );
  const hasOthers = stage === 'production' || stage === 'staging';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack gap="sm">
        <Select
          label="Stage"
          data={VERSION_STAGES.map((value) => ({ value, label: STAGE_TITLES[value] }))}
          value={stage}
          allowDeselect={false}
          onChange={(value) => setStage(VERSION_STAGES.find((each) => each === value) ?? version.stage)}
        />
        {hasOthers ? (
          <Checkbox
            label="Archive the versions that are there now"
            checked={archiveExisting}
            onChange={(event) => setArchive(event.currentTarget.checked)}
          />
        ) : null}
        <FormFoot
          failure={change.error}
          verb="Move this version"
          busy={change.isPending}
          disabled={stage === version.stage}
          onCancel={onDone}
        />
      </Stack>
    </form>
  );
}

function AliasForm({ version, onDone }: FormProps) {
  const [alias, setAlias] = useState('');
  const params = { model: version.modelId, alias: alias.trim() };
  const set = useChange(
    () => api.call(registryRoutes.setAlias, { params, body: { version: version.version } }),
    () => setAlias(''),
  );
  const drop = useChange(
    (name: string) =>
      api.call(registryRoutes.removeAlias, { params: { model: version.modelId, alias: name } }),
    () => undefined,
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate();
      }}
    >
      <Stack gap="sm">
        {version.aliases.length === 0 ? <p className="bz-dim">No alias names this version.</p> : null}
        {version.aliases.map((each) => (
          <div key={each} style={{ display: 'flex', justifyContent: 'space-between', gap: 8 }}>
            <code>{each}</code>
            <Button
              size="compact-xs"
              variant="subtle"
              loading={drop.isPending && drop.variables === each}
              onClick={() => drop.mutate(each)}
            >
              Take away
            </Button>
          </div>
        ))}
        <TextInput
          data-autofocus
          label="New alias"
          description="An alias that names another version names this one from then on."
          placeholder="champion"
          maxLength={256}
          value={alias}
          onChange={(event) => setAlias(event.currentTarget.value)}
        />
        <FormFoot
          failure={set.error ?? drop.error}
          verb="Set the alias"
          busy={set.isPending}
          disabled={alias.trim() === ''}
          onCancel={onDone}
        />
      </Stack>
    </form>
  );
}

function EditForm({ version, onDone }: FormProps) {
  const before =
    version.base?.kind === 'external'
      ? version.base.name
      : version.base?.modelName
        ? `${version.base.modelName}@${version.base.version}`
        : '';
  const [description, setDescription] = useState(version.description);
  const [base, setBase] = useState(before);
  const change = useChange(
    () =>
      api.call(registryRoutes.updateVersion, {
        params: paramsOf(version),
        body: { description, ...(base === before ? {} : { base: baseOf(base) }) },
      }),
    onDone,
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack gap="sm">
        <Textarea
          data-autofocus
          label="Description"
          autosize
          minRows={2}
          maxLength={10_000}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TextInput
          label="Base model"
          description="What it was made from: MODEL@VERSION of this registry, or a name such as hf:organisation/model."
          maxLength={500}
          value={base}
          onChange={(event) => setBase(event.currentTarget.value)}
        />
        <FormFoot failure={change.error} verb="Save" busy={change.isPending} onCancel={onDone} />
      </Stack>
    </form>
  );
}

function Removal({
  version,
  opened,
  onClose,
}: {
  version: VersionDetail;
  opened: boolean;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const inUse = version.stage === 'production' || version.aliases.length > 0;
  return (
    <Confirm
      opened={opened}
      title={`Remove version ${version.version}?`}
      verb="Remove this version"
      name={inUse ? `${version.modelName} ${version.version}` : undefined}
      onClose={onClose}
      onConfirm={async () => {
        await api.call(registryRoutes.removeVersion, {
          params: paramsOf(version),
          query: { force: inUse ? 'true' : 'false' },
        });
        await navigate({ to: '/inventory/models/$id', params: { id: version.modelId } });
        await client.invalidateQueries({ queryKey: ['models'] });
        toast(`Version ${version.version} removed`);
      }}
    >
      <p>
        It can no longer be downloaded or loaded, and its number is not given again.
        {inUse ? ' It is in use: whatever loads it by its stage or alias will fail.' : ''}
      </p>
    </Confirm>
  );
}
