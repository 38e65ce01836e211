import { zodResolver } from '@hookform/resolvers/zod';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Field, inputStyle } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import { createKey, keysQuery } from '../api/keys';
import { emptyKeyForm, type KeyForm, keyForm, lifetimes, toKeyCreate } from '../model/form';

interface CreateKeyDialogProps {
  onClose: () => void;
  onCreated: (key: string) => void;
}

export function CreateKeyDialog({ onClose, onCreated }: CreateKeyDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, formState } = useForm<KeyForm>({
    resolver: zodResolver(keyForm),
    defaultValues: emptyKeyForm,
  });
  const submit = handleSubmit(async (form) => {
    setFailure(null);
    try {
      const created = await createKey(toKeyCreate(form, new Date()));
      void client.invalidateQueries({ queryKey: keysQuery.queryKey });
      onCreated(created.key);
    } catch (error) {
      setFailure(error);
    }
  });
  const messageOf = (key: string | undefined) => key && t(key);
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('keys.create')}
      description={t('keys.createHint')}
    >
      <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
        <DialogBody className="space-y-4">
          {failure !== null && (
            <Notice tone="error" role="alert">
              {errorText(failure)}
            </Notice>
          )}
          <Field
            label={t('keys.name')}
            placeholder={t('keys.namePlaceholder')}
            autoComplete="off"
            error={messageOf(formState.errors.name?.message)}
            {...register('name')}
          />
          <label className="block space-y-1.5">
            <span className="block font-medium text-sm">{t('keys.expires')}</span>
            <select className={inputStyle} {...register('lifetime')}>
              {lifetimes.map((lifetime) => (
                <option key={lifetime} value={lifetime}>
                  {lifetime === 'never' ? t('keys.never') : t('keys.days', { count: Number(lifetime) })}
                </option>
              ))}
            </select>
          </label>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field
              label={t('keys.requestsPerMinute')}
              inputMode="numeric"
              placeholder={t('keys.unlimited')}
              error={messageOf(formState.errors.requestsPerMinute?.message)}
              {...register('requestsPerMinute')}
            />
            <Field
              label={t('keys.tokensPerMinute')}
              inputMode="numeric"
              placeholder={t('keys.unlimited')}
              error={messageOf(formState.errors.tokensPerMinute?.message)}
              {...register('tokensPerMinute')}
            />
          </div>
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" isBusy={formState.isSubmitting}>
            {t('keys.createSubmit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
