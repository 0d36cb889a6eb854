import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { EndpointFormApi } from './endpoint-values.ts';

/** Models that clients may name, each with what it is called upstream. */
export function ModelFields({ form, disabled }: { form: EndpointFormApi; disabled: boolean }) {
  return (
    <>
      {form.values.models.map((model, index) => (
        <div className="bz-row" key={index}>
          <TextInput
            aria-label={`Model ${index + 1}, name for clients`}
            placeholder="Name for clients"
            disabled={disabled}
            {...form.getInputProps(`models.${index}.name`)}
          />
          <TextInput
            aria-label={`Model ${index + 1}, name upstream`}
            placeholder={model.name ? `Upstream: ${model.name}` : 'Name upstream, if different'}
            disabled={disabled}
            {...form.getInputProps(`models.${index}.upstreamName`)}
            value={model.upstreamName ?? ''}
            onChange={(event) =>
              form.setFieldValue(`models.${index}.upstreamName`, event.currentTarget.value || undefined)
            }
          />
          {disabled ? null : (
            <ActionIcon
              mt={9}
              aria-label={`Remove model ${index + 1}`}
              onClick={() => form.removeListItem('models', index)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          )}
        </div>
      ))}
      {disabled ? null : (
        <Button
          variant="subtle"
          leftSection={<IconPlus size={14} />}
          onClick={() => form.insertListItem('models', { name: '' })}
        >
          Add a model
        </Button>
      )}
    </>
  );
}
