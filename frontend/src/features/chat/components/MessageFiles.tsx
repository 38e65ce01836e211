import { useQuery } from '@tanstack/react-query';
import { FileText, ImageOff } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog, DialogBody } from '@/components/ui/Dialog';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { AttachmentRef } from '@/lib/contracts';
import { download } from '@/lib/download';
import { formatBytes } from '@/lib/format';
import { attachmentBlobQuery, contentPath } from '../api/attachments';
import { useObjectUrl } from '../hooks/useObjectUrl';

/** The files of a message that was sent: images to look at, documents to take along. */
export default function MessageFiles({ files }: { files: readonly AttachmentRef[] }) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t('attachments.title')}
      data-testid="message-files"
      className="mb-1.5 flex max-w-[85%] flex-wrap justify-end gap-2"
    >
      {files.map((file) => (
        <li key={file.id} className="min-w-0 max-w-full">
          {file.kind === 'image' ? <SentImage file={file} /> : <SentDocument file={file} />}
        </li>
      ))}
    </ul>
  );
}

function SentImage({ file }: { file: AttachmentRef }) {
  const { t } = useTranslation();
  const { data: blob, isError } = useQuery(attachmentBlobQuery(file.id));
  const url = useObjectUrl(blob);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-label={t('attachments.open', { name: file.name })}
        disabled={!url}
        onClick={() => setIsOpen(true)}
        className="grid size-28 place-items-center overflow-hidden rounded-2xl border bg-muted text-muted-foreground"
      >
        {url && <img src={url} alt="" className="size-full object-cover" />}
        {isError && <ImageOff size={20} aria-hidden />}
      </button>
      {isOpen && url && (
        <Dialog isOpen onOpenChange={setIsOpen} title={file.name} className="max-w-4xl!">
          <DialogBody>
            <img
              src={url}
              alt={file.name}
              data-testid="large-image"
              className="mx-auto max-h-[66dvh] rounded-lg object-contain"
            />
          </DialogBody>
        </Dialog>
      )}
    </>
  );
}

function SentDocument({ file }: { file: AttachmentRef }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const save = () =>
    download(contentPath(file.id), file.name).catch((error: unknown) => showToast(errorText(error)));
  return (
    <button
      type="button"
      onClick={() => void save()}
      className="relative flex max-w-full items-center gap-2.5 rounded-lg border bg-surface py-1.5 pr-3 pl-2 text-left hover:bg-accent"
    >
      <FileText size={18} className="shrink-0 text-muted-foreground" aria-hidden />
      <span className="min-w-0">
        <span className="block truncate text-[13px] leading-snug">{file.name}</span>
        <span className="block text-muted-foreground text-xs tabular">{formatBytes(file.size_bytes)}</span>
        <span className="sr-only">{t('attachments.download')}</span>
      </span>
    </button>
  );
}
