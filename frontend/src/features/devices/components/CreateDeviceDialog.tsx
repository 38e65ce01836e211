import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { DeviceCreated } from '@/lib/apiSchemas';
import { createDevice, devicesQuery } from '../api/devices';

/** The same in every language. */
const exampleProject = 'maze';

interface CreateDeviceDialogProps {
  onClose: () => void;
  onCreated: (device: DeviceCreated) => void;
}

export function CreateDeviceDialog({ onClose, onCreated }: CreateDeviceDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [projects, setProjects] = useState('');

  async function create() {
    const device = await createDevice({
      name: name.trim(),
      projects: projects.split(/[\s,]+/).filter(Boolean),
    });
    void client.invalidateQueries({ queryKey: devicesQuery.queryKey });
    onCreated(device);
  }
  return (
    <FormDialog
      title={t('devices.create')}
      description={t('devices.createHint')}
      submitLabel={t('devices.create')}
      isReady={name.trim() !== ''}
      onSubmit={create}
      onClose={onClose}
    >
      <Field
        label={t('devices.name')}
        placeholder={t('devices.namePlaceholder')}
        value={name}
        maxLength={100}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={t('devices.projects')}
        hint={t('devices.projectsHint')}
        placeholder={exampleProject}
        value={projects}
        autoComplete="off"
        onChange={(event) => setProjects(event.target.value)}
      />
    </FormDialog>
  );
}
