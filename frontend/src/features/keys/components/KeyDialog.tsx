import { zodResolver } from '@hookform/resolvers/zod';
import { useQueryClient } from '@tanstack/react-query';
import { type FieldError, get, useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { LimitFields } from '@/components/LimitFields';
import { Field, inputStyle } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { ApiKey } from '@/lib/contracts';
import { createKey, keysQuery, updateKey } from '../api/keys';
import {
  emptyKeyForm,
  fromKey,
  type KeyForm,
  keyForm,
  lifetimes,
  toKeyCreate,
  toKeyUpdate,
} from '../model/form';
import { ModelChoice } from './ModelChoice';

interface KeyDialogProps {
  /** The key to change; without one a new key is made. */
  apiKey?: ApiKey;
  currency: string;
  onClose: () => void;
  onCreated?: (key: string) => void;
}

export function KeyDialog({ apiKey, currency, onClose, onCreated }: KeyDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { register, handleSubmit, formState, setValue, watch } = useForm<KeyForm>({
    resolver: zodResolver(keyForm),
    defaultValues: apiKey ? fromKey(apiKey) : emptyKeyForm,
  });
  const { errors } = formState;
  const save = handleSubmit(async (form) => {
    if (apiKey) await updateKey(apiKey.id, toKeyUpdate(form, new Date()));
    else onCreated?.((await createKey(toKeyCreate(form, new Date()))).key);
    void client.invalidateQueries({ queryKey: keysQuery.queryKey });
    if (apiKey) onClose();
  });
  const messageOf = (key: string | undefined) => key && t(key);
  const choices = apiKey ? (['keep', ...lifetimes] as const) : lifetimes;
  return (
    <FormDialog
      title={apiKey ? t('keys.changeOf', { name: apiKey.name }) : t('keys.create')}
      description={t(apiKey ? 'keys.changeHint' : 'keys.createHint')}
      submitLabel={t(apiKey ? 'common.save' : 'keys.createSubmit')}
      onSubmit={save}
      onClose={onClose}
    >
      <Field
        label={t('keys.name')}
        placeholder={t('keys.namePlaceholder')}
        autoComplete="off"
        error={messageOf(errors.name?.message)}
        {...register('name')}
      />
      <label className="block space-y-1.5">
        <span className="block font-medium text-sm">{t('keys.expires')}</span>
        <select className={inputStyle} {...register('lifetime')}>
          {choices.map((lifetime) => (
            <option key={lifetime} value={lifetime}>
              {lifetime === 'never' || lifetime === 'keep'
                ? t(`keys.${lifetime}`)
                : t('keys.days', { count: Number(lifetime) })}
            </option>
          ))}
        </select>
      </label>
      <LimitFields
        currency={currency}
        register={(name) => ({
          ...register(name),
          error: messageOf((get(errors, name) as FieldError | undefined)?.message),
        })}
      />
      <ModelChoice
        chosen={watch('models')}
        onChange={(models) => setValue('models', models, { shouldDirty: true })}
      />
    </FormDialog>
  );
}
