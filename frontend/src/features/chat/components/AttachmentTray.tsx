import { useQuery } from '@tanstack/react-query';
import { FileText, Image as ImageIcon, RotateCcw, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { useErrorText } from '@/hooks/useErrorText';
import { cn } from '@/lib/cn';
import { ApiError } from '@/lib/errors';
import { formatBytes } from '@/lib/format';
import { attachmentBlobQuery } from '../api/attachments';
import { useObjectUrl } from '../hooks/useObjectUrl';
import { type DraftFile, removeFile, retryFile } from '../model/draftFiles';

interface AttachmentTrayProps {
  sessionId: string | null;
  files: DraftFile[];
  /** Null: the model can see. */
  blindModel: string | null;
}

/** The files beside the message: how far they are, why one was refused, and the way to take them off again. */
export default function AttachmentTray({ sessionId, files, blindModel }: AttachmentTrayProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t('attachments.title')}
      className="flex flex-wrap gap-2 px-3 pt-3"
      data-testid="attachments"
    >
      {files.map((file) => (
        <TrayItem key={file.localId} sessionId={sessionId} file={file} blindModel={blindModel} />
      ))}
    </ul>
  );
}

interface TrayItemProps {
  sessionId: string | null;
  file: DraftFile;
  blindModel: string | null;
}

/** Is it about the file itself, which will be the same the next time? */
const isFinal = (error: unknown) => error instanceof ApiError && [413, 415, 422].includes(error.status);

function TrayItem({ sessionId, file, blindModel }: TrayItemProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const isUnseen = file.kind === 'image' && blindModel !== null;
  const reason = isUnseen
    ? t('attachments.cannotSee', { model: blindModel })
    : file.error !== null
      ? errorText(file.error)
      : null;
  const isOnItsWay = reason === null && file.attachment === null;
  return (
    <li
      data-testid="attachment"
      data-status={reason !== null ? 'refused' : isOnItsWay ? 'uploading' : 'ready'}
      className={cn(
        'relative flex min-w-0 max-w-full items-center gap-2.5 overflow-hidden rounded-lg border bg-background p-1.5 pr-1',
        reason !== null && 'border-destructive/50 bg-destructive-soft',
      )}
    >
      <Thumbnail file={file} />
      <div className="min-w-0 max-w-72">
        <p className="truncate text-[13px] leading-snug">{file.name}</p>
        {reason === null ? (
          <p className="text-muted-foreground text-xs tabular">{formatBytes(file.sizeBytes)}</p>
        ) : (
          <p role="alert" className="text-destructive text-xs leading-snug">
            {reason}
          </p>
        )}
      </div>
      <div className="flex shrink-0">
        {reason !== null && file.file && file.attachment === null && !isUnseen && !isFinal(file.error) && (
          <IconButton
            size="icon-sm"
            label={t('attachments.retry', { name: file.name })}
            onClick={() => retryFile(sessionId, file.localId)}
          >
            <RotateCcw size={14} />
          </IconButton>
        )}
        <IconButton
          size="icon-sm"
          label={t('attachments.remove', { name: file.name })}
          onClick={() => removeFile(sessionId, file.localId)}
        >
          <X size={15} />
        </IconButton>
      </div>
      {isOnItsWay && (
        <div
          role="progressbar"
          aria-label={t('attachments.uploading', { name: file.name })}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(file.progress * 100)}
          className="absolute inset-x-0 bottom-0 h-0.5 bg-muted"
        >
          <div
            className="h-full origin-left bg-primary transition-transform duration-150"
            style={{ transform: `scaleX(${file.progress})` }}
          />
        </div>
      )}
    </li>
  );
}

function Thumbnail({ file }: { file: DraftFile }) {
  const isStored = file.kind === 'image' && file.file === null && file.attachment !== null;
  const { data: stored } = useQuery({
    ...attachmentBlobQuery(file.attachment?.id ?? ''),
    enabled: isStored,
  });
  const url = useObjectUrl(file.kind === 'image' ? (file.file ?? stored) : null);
  // Not every browser can draw every image that a model can read.
  const [isUndrawn, setIsUndrawn] = useState(false);
  if (url && !isUndrawn) {
    return (
      <img
        src={url}
        alt=""
        className="size-10 shrink-0 rounded-[5px] object-cover"
        onError={() => setIsUndrawn(true)}
      />
    );
  }
  const Icon = file.kind === 'image' ? ImageIcon : FileText;
  return (
    <span className="grid size-10 shrink-0 place-items-center rounded-[5px] bg-muted text-muted-foreground">
      <Icon size={18} aria-hidden />
    </span>
  );
}
