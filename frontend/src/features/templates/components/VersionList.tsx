import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import type { TemplateVersion } from '@/lib/contracts';
import { formatDateTime } from '@/lib/format';
import { RenderedText } from './RenderedText';

interface VersionListProps {
  versions: TemplateVersion[];
  current: number;
  /** Absent for those who may not write. */
  onRestore?: (version: TemplateVersion) => void;
}

/** Every version, newest first. None ever changes; restoring an old one makes a new one. */
export function VersionList({ versions, current, onRestore }: VersionListProps) {
  const { t } = useTranslation();
  const [openNumber, setOpenNumber] = useState<number | null>(null);
  return (
    <ul className="divide-y rounded-2xl border bg-surface">
      {versions.map((version) => {
        const isOpen = openNumber === version.version;
        return (
          <li key={version.version} data-testid="template-version" className="px-4 py-3">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
              <span className="font-medium tabular">
                {t('templates.versionNumber', { number: version.version })}
              </span>
              <span className="min-w-0 flex-1 text-[13px] text-muted-foreground tabular">
                {version.version === current && `${t('templates.newest')} · `}
                {formatDateTime(version.created_at)}
              </span>
              <Button
                variant="ghost"
                size="sm"
                aria-expanded={isOpen}
                onClick={() => setOpenNumber(isOpen ? null : version.version)}
              >
                {isOpen ? t('templates.hide') : t('templates.view')}
              </Button>
              {onRestore && version.version !== current && (
                <Button
                  variant="outline"
                  size="sm"
                  aria-label={t('templates.restoreNumber', { number: version.version })}
                  onClick={() => onRestore(version)}
                >
                  {t('templates.restore')}
                </Button>
              )}
            </div>
            {isOpen && (
              <div className="mt-3">
                <RenderedText content={version.content} texts={{}} />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
