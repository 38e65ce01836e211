import { useQueryClient } from '@tanstack/react-query';
import { Download, Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { ImportResult } from '@/lib/contracts';
import { exportAll, importPart } from '../api/conversations';
import { addResults, partsOf } from '../model/importFile';

const nothing: ImportResult = { imported: [], skipped: [] };

/** Take conversations along, or bring them in from here, ChatGPT or Open WebUI. */
export function ConversationFiles() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const picker = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState<'import' | 'export' | null>(null);
  const [result, setResult] = useState<ImportResult | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  async function takeIn(file: File) {
    setBusy('import');
    setFailure(null);
    setResult(null);
    let sum = nothing;
    try {
      for (const { document, firstIndex } of partsOf(await file.text())) {
        sum = addResults(sum, await importPart(document), firstIndex);
      }
    } catch (error) {
      setFailure(error instanceof SyntaxError ? t('files.notJson', { name: file.name }) : errorText(error));
    }
    if (sum !== nothing) setResult(sum);
    setBusy(null);
    for (const queryKey of [['sessions'], ['folders']]) void client.invalidateQueries({ queryKey });
  }
  async function takeOut() {
    setBusy('export');
    try {
      await exportAll();
    } catch (error) {
      showToast(errorText(error));
    }
    setBusy(null);
  }
  return (
    <>
      <div className="flex flex-wrap gap-2.5">
        <input
          ref={picker}
          type="file"
          accept=".json,application/json"
          className="sr-only"
          tabIndex={-1}
          aria-label={t('files.importPick')}
          data-testid="import-file"
          onChange={(event) => {
            const file = event.target.files?.[0];
            // The same file can be picked again.
            event.target.value = '';
            if (file) void takeIn(file);
          }}
        />
        <Button
          variant="outline"
          isBusy={busy === 'import'}
          data-testid="import-button"
          onClick={() => picker.current?.click()}
        >
          <Upload size={16} aria-hidden />
          {busy === 'import' ? t('files.importing') : t('files.import')}
        </Button>
        <Button variant="outline" isBusy={busy === 'export'} onClick={() => void takeOut()}>
          <Download size={16} aria-hidden />
          {t('files.exportAll')}
        </Button>
      </div>
      <p className="mt-2 text-[13px] text-muted-foreground">{t('files.importHint')}</p>
      {failure && (
        <Notice tone="error" role="alert" className="mt-4">
          {failure}
        </Notice>
      )}
      {result && <ImportReport result={result} />}
    </>
  );
}

function ImportReport({ result }: { result: ImportResult }) {
  const { t } = useTranslation();
  const { imported, skipped } = result;
  return (
    <Notice
      tone={skipped.length > 0 ? 'warning' : 'info'}
      role="status"
      className="mt-4"
      testId="import-result"
    >
      <p>{t('files.imported', { count: imported.length })}</p>
      {skipped.length > 0 && (
        <details className="mt-1">
          <summary className="cursor-pointer">{t('files.skipped', { count: skipped.length })}</summary>
          <ul className="mt-1.5 max-h-60 space-y-1 overflow-y-auto text-[13px]">
            {skipped.map((item) => (
              <li key={item.index}>
                <span className="font-medium">
                  {item.title || t('files.untitled', { number: item.index + 1 })}
                </span>
                {': '}
                {item.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Notice>
  );
}
