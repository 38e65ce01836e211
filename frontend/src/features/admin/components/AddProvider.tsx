import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import { createProvider } from '../api/admin';

/** The same in every language. */
const example = { name: 'gpu-1', url: 'http://10.0.0.5:8000/v1' };

interface AddProviderProps {
  onClose: () => void;
  onAdded: () => void;
}

/** Enter a server that speaks OpenAI's API; the portal finds out its kind, and offers all its models. */
export function AddProvider({ onClose, onAdded }: AddProviderProps) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [key, setKey] = useState('');
  const [isPrivate, setIsPrivate] = useState(false);

  async function add() {
    await createProvider({
      name: name.trim(),
      base_url: url.trim(),
      api_key: key.trim() || null,
      offer_all: true,
      allow_private_network: isPrivate,
    });
    onAdded();
    onClose();
  }
  return (
    <FormDialog
      title={t('admin.addProvider')}
      description={t('admin.addProviderHint')}
      submitLabel={t('admin.addProvider')}
      isReady={name.trim() !== '' && url.trim() !== ''}
      onSubmit={add}
      onClose={onClose}
    >
      <Field
        label={t('admin.providerName')}
        placeholder={example.name}
        value={name}
        maxLength={64}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={t('admin.providerUrl')}
        placeholder={example.url}
        value={url}
        autoComplete="off"
        onChange={(event) => setUrl(event.target.value)}
      />
      <Field
        label={t('admin.providerKey')}
        hint={t('admin.providerKeyHint')}
        type="password"
        value={key}
        autoComplete="off"
        onChange={(event) => setKey(event.target.value)}
      />
      <label className="flex items-start gap-3 text-sm">
        <input
          type="checkbox"
          className="mt-0.5 size-4.5 accent-primary"
          checked={isPrivate}
          onChange={(event) => setIsPrivate(event.target.checked)}
        />
        <span>
          {t('admin.privateNetwork')}
          <span className="block text-[13px] text-muted-foreground">{t('admin.privateNetworkHint')}</span>
        </span>
      </label>
    </FormDialog>
  );
}
