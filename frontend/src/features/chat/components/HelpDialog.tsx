import { useTranslation } from 'react-i18next';
import { Dialog, DialogBody } from '@/components/ui/Dialog';
import { hotkeyLabel, isMac } from '@/hooks/useHotkeys';
import { useShell } from '@/hooks/useShell';

/** Every shortcut, on one sheet. */
export default function HelpDialog() {
  const { t } = useTranslation();
  const rows: [string, string][] = [
    ['help.search', hotkeyLabel('K')],
    ['help.newChat', hotkeyLabel('O', true)],
    ['help.sidebar', hotkeyLabel('B')],
    ['help.focus', isMac ? '⇧Esc' : 'Shift Esc'],
    ['help.copyAnswer', hotkeyLabel('C', true)],
    ['help.copyCode', hotkeyLabel(';', true)],
    ['help.send', 'Enter'],
    ['help.newLine', isMac ? '⇧Enter' : 'Shift Enter'],
    ['help.stop', 'Esc'],
    ['help.recall', '↑'],
    ['help.help', hotkeyLabel('/')],
  ];
  return (
    <Dialog isOpen onOpenChange={() => useShell.setState({ isHelpOpen: false })} title={t('help.title')}>
      <DialogBody className="pb-6">
        <dl className="divide-y text-sm">
          {rows.map(([key, keys]) => (
            <div key={key} className="flex items-center justify-between gap-4 py-2">
              <dt>{t(key)}</dt>
              <dd>
                <kbd className="rounded-[6px] border bg-muted px-2 py-0.5 font-sans text-xs">{keys}</kbd>
              </dd>
            </div>
          ))}
        </dl>
      </DialogBody>
    </Dialog>
  );
}
