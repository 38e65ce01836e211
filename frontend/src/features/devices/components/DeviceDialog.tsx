import { zodResolver } from '@hookform/resolvers/zod';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FieldError, get, useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { LimitFields } from '@/components/LimitFields';
import { Field } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { DeviceCreated, DeviceRead } from '@/lib/apiSchemas';
import { limitFields, limitsForm, limitsOf } from '@/lib/limitFields';
import { mqttQuery } from '@/lib/mqttQueries';
import { z } from '@/lib/validation';
import { createDevice, devicesQuery, updateDevice } from '../api/devices';

const deviceForm = z.object({
  name: z.string().trim().min(1, 'keys.nameMissing').max(100),
  projects: z.array(z.string()),
  ...limitFields,
});
type DeviceForm = z.infer<typeof deviceForm>;

interface DeviceDialogProps {
  /** The device to change; without one a new one is made. */
  device?: DeviceRead;
  currency: string;
  onClose: () => void;
  onCreated?: (device: DeviceCreated) => void;
}

export function DeviceDialog({ device, currency, onClose, onCreated }: DeviceDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: mqtt } = useQuery(mqttQuery);
  const { register, handleSubmit, formState, setValue, watch } = useForm<DeviceForm>({
    resolver: zodResolver(deviceForm),
    defaultValues: {
      name: device?.name ?? '',
      projects: device?.projects ?? [],
      ...limitsForm(device ?? {}),
    },
  });
  const messageOf = (name: string) => {
    const key = (get(formState.errors, name) as FieldError | undefined)?.message;
    return key && t(key);
  };
  const save = handleSubmit(async (form) => {
    const wish = { name: form.name.trim(), projects: form.projects, ...limitsOf(form) };
    if (device) await updateDevice(device.id, wish);
    else onCreated?.(await createDevice(wish));
    void client.invalidateQueries({ queryKey: devicesQuery.queryKey });
    if (device) onClose();
  });
  const chosen = watch('projects');
  const names = [...new Set([...(mqtt?.projects ?? []), ...chosen])].sort();
  return (
    <FormDialog
      title={device ? t('devices.changeOf', { name: device.name }) : t('devices.create')}
      description={t(device ? 'devices.changeHint' : 'devices.createHint')}
      submitLabel={t(device ? 'common.save' : 'devices.create')}
      onSubmit={save}
      onClose={onClose}
    >
      <Field
        label={t('devices.name')}
        placeholder={t('devices.namePlaceholder')}
        autoComplete="off"
        error={messageOf('name')}
        {...register('name')}
      />
      <fieldset>
        <legend className="font-medium text-sm">{t('devices.projects')}</legend>
        <p className="mt-0.5 mb-2 text-[13px] text-muted-foreground">{t('devices.projectsHint')}</p>
        <div className="flex flex-wrap gap-2">
          {names.map((name) => (
            <label
              key={name}
              className="flex min-h-9 cursor-pointer items-center gap-2 rounded-lg border px-3 text-sm hover:bg-accent has-checked:border-primary has-checked:bg-primary-soft touch:min-h-11"
            >
              <input
                type="checkbox"
                className="size-4 accent-primary"
                checked={chosen.includes(name)}
                onChange={(event) =>
                  setValue(
                    'projects',
                    event.target.checked ? [...chosen, name] : chosen.filter((one) => one !== name),
                  )
                }
              />
              {name}
            </label>
          ))}
        </div>
      </fieldset>
      <LimitFields currency={currency} register={(name) => ({ ...register(name), error: messageOf(name) })} />
    </FormDialog>
  );
}
