import { useQuery } from '@tanstack/react-query';
import { Check, Folder, FolderMinus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Field } from '@/components/ui/Field';
import { cn } from '@/lib/cn';
import { foldersQuery } from '../api/folders';

interface FolderDialogProps {
  current: string | null;
  onChoose: (folder: string | null) => void;
  onClose: () => void;
}

/** Where a conversation is kept: a folder there is, a new one, or none. */
export default function FolderDialog({ current, onChoose, onClose }: FolderDialogProps) {
  const { t } = useTranslation();
  const { data: folders = [] } = useQuery(foldersQuery);
  const [name, setName] = useState('');
  const choose = (folder: string | null) => {
    if (folder !== current) onChoose(folder);
    onClose();
  };
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={t('folders.moveTitle')}>
      <form
        className="flex min-h-0 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) choose(name.trim());
        }}
      >
        <DialogBody className="space-y-4">
          {(folders.length > 0 || current !== null) && (
            <ul className="-mx-2 max-h-60 overflow-y-auto">
              <Choice isChosen={current === null} onChoose={() => choose(null)}>
                <FolderMinus size={16} aria-hidden />
                {t('folders.none')}
              </Choice>
              {folders.map((folder) => (
                <Choice
                  key={folder.name}
                  isChosen={current === folder.name}
                  onChoose={() => choose(folder.name)}
                >
                  <Folder size={16} aria-hidden />
                  <span className="truncate">{folder.name}</span>
                </Choice>
              ))}
            </ul>
          )}
          <Field
            label={t('folders.newName')}
            value={name}
            maxLength={200}
            autoComplete="off"
            data-testid="folder-name"
            onChange={(event) => setName(event.target.value)}
          />
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" disabled={!name.trim()}>
            {t('folders.create')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  isChosen: boolean;
  onChoose: () => void;
  children: ReactNode;
}

function Choice({ isChosen, onChoose, children }: ChoiceProps) {
  return (
    <li>
      <button
        type="button"
        aria-pressed={isChosen}
        data-testid="folder-choice"
        onClick={onChoose}
        className={cn(
          'flex h-9 w-full items-center gap-2.5 rounded-lg px-2 text-left text-sm hover:bg-accent touch:h-11',
          isChosen && 'font-medium',
        )}
      >
        {children}
        {isChosen && <Check size={15} className="ml-auto shrink-0 text-primary" aria-hidden />}
      </button>
    </li>
  );
}
