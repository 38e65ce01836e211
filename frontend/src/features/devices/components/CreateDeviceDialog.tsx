import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
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
  const errorText = useErrorText();
  const [name, setName] = useState('');
  const [projects, setProjects] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    try {
      const device = await createDevice({
        name: name.trim(),
        projects: projects.split(/[\s,]+/).filter(Boolean),
      });
      void client.invalidateQueries({ queryKey: devicesQuery.queryKey });
      onCreated(device);
    } catch (error) {
      setFailure(error);
      setIsBusy(false);
    }
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('devices.create')}
      description={t('devices.createHint')}
    >
      <form onSubmit={(event) => void submit(event)} className="flex min-h-0 flex-col">
        <DialogBody className="space-y-4">
          {failure !== null && (
            <Notice tone="error" role="alert">
              {errorText(failure)}
            </Notice>
          )}
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
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" isBusy={isBusy} disabled={!name.trim()}>
            {t('devices.create')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
