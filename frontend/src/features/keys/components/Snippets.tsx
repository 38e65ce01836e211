import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/ui/CopyButton';
import { Segmented } from '@/components/ui/Segmented';
import { publicBaseUrl } from '@/lib/env';
import { type SnippetLanguage, snippet, snippetLanguages } from '../model/snippets';

export function Snippets({ apiKey }: { apiKey: string }) {
  const { t } = useTranslation();
  const [language, setLanguage] = useState<SnippetLanguage>('curl');
  const code = snippet(language, publicBaseUrl(), apiKey);
  return (
    <div>
      <div className="mb-2.5 flex items-center justify-between gap-3">
        <Segmented
          label={t('keys.language')}
          value={language}
          options={snippetLanguages}
          onChange={setLanguage}
        />
        <CopyButton text={() => code} label={t('keys.copySnippet')} />
      </div>
      <pre
        tabIndex={0}
        data-testid="snippet"
        className="overflow-x-auto rounded-lg border bg-code px-3.5 py-3 font-mono text-[12.5px] leading-relaxed"
      >
        {code}
      </pre>
    </div>
  );
}
