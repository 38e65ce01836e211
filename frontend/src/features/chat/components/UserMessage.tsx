import { Pencil } from 'lucide-react';
import { memo, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/ui/CopyButton';
import { IconButton } from '@/components/ui/IconButton';
import type { Message } from '@/lib/contracts';
import { latePart } from '@/lib/latePieces';
import type { TurnActions } from '../hooks/useTurnActions';
import type { BranchPosition } from '../model/tree';
import { BranchSwitcher } from './BranchSwitcher';
import { actionRowStyle } from './styles';

const EditMessage = latePart(() => import('./EditMessage'));
const MessageFiles = latePart(() => import('./MessageFiles'));

interface UserMessageProps {
  message: Message;
  branch: BranchPosition | null;
  isBusy: boolean;
  actions: TurnActions;
}

export const UserMessage = memo(function UserMessage({ message, branch, isBusy, actions }: UserMessageProps) {
  const { t } = useTranslation();
  const [isEditing, setIsEditing] = useState(false);
  if (isEditing) {
    return (
      <Suspense fallback={<div className="h-28" />}>
        <EditMessage
          text={message.content}
          canBeEmpty={message.attachments.length > 0}
          isBusy={isBusy}
          onCancel={() => setIsEditing(false)}
          onSave={(text) => {
            setIsEditing(false);
            actions.edit(message, text);
          }}
        />
      </Suspense>
    );
  }
  return (
    <article
      aria-label={t('message.yours')}
      data-testid="user-message"
      data-message-id={message.id}
      className="group flex scroll-mt-6 flex-col items-end"
    >
      {message.attachments.length > 0 && (
        <Suspense fallback={<div className="h-28" />}>
          <MessageFiles files={message.attachments} />
        </Suspense>
      )}
      {message.content && (
        <div
          dir="auto"
          className="max-w-[85%] whitespace-pre-wrap rounded-2xl rounded-br-lg bg-bubble px-4 py-2.5 [overflow-wrap:anywhere]"
        >
          {message.content}
        </div>
      )}
      <div className={actionRowStyle}>
        <CopyButton text={() => message.content} label={t('message.copy')} />
        <IconButton
          size="icon-sm"
          label={t('message.edit')}
          disabled={isBusy || message.id.startsWith('local-')}
          onClick={() => setIsEditing(true)}
        >
          <Pencil size={15} />
        </IconButton>
        {branch && <BranchSwitcher branch={branch} isDisabled={isBusy} onShow={actions.showBranch} />}
      </div>
    </article>
  );
});
