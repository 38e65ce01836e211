import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, inputStyle, Labelled } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { ProviderCreate } from '@/lib/apiSchemas';
import { createProvider } from '../api/admin';

/** The same in every language. */
const example = { name: 'gpu-1', url: 'http://10.0.0.5:8000/v1' };

type Kind = NonNullable<ProviderCreate['kind']>;

/** Those that are told by their address and key alone, by the names that they give themselves. */
const kinds: Partial<Record<Kind, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  openrouter: 'OpenRouter',
  gemini: 'Gemini',
  'llama.cpp': 'llama.cpp',
  vllm: 'vLLM',
  ollama: 'Ollama',
  localai: 'LocalAI',
  'lm-studio': 'LM Studio',
};

interface AddProviderProps {
  onClose: () => void;
  onAdded: () => void;
}

/** Enter a server that speaks OpenAI's API; its kind is found out or named, and all its models are offered. */
export function AddProvider({ onClose, onAdded }: AddProviderProps) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind | ''>('');
  const [url, setUrl] = useState('');
  const [key, setKey] = useState('');
  const [isPrivate, setIsPrivate] = useState(false);

  async function add() {
    await createProvider({
      name: name.trim(),
      kind: kind || null,
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
      <Labelled label={t('admin.providerKind')}>
        {(control) => (
          <select
            {...control}
            className={inputStyle}
            value={kind}
            onChange={(event) => setKind(event.target.value as Kind | '')}
          >
            <option value="">{t('admin.providerKindAny')}</option>
            {Object.entries(kinds).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Labelled>
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
