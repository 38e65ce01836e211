import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { Notice } from '@/components/ui/Notice';
import { announcementsQuery, dismiss, dismissedIds } from '../api/announcements';

/** What administrators say to everybody, until each person has put it away. Nothing is said of its being out of reach. */
export default function Banners() {
  const { t } = useTranslation();
  const { data } = useQuery(announcementsQuery);
  const [gone, setGone] = useState(dismissedIds);
  const shown = data?.items.filter((one) => !gone.includes(one.id)) ?? [];
  if (shown.length === 0) return null;
  return (
    <section aria-label={t('shell.announcements')} className="shrink-0 space-y-1.5 px-3 pt-2">
      {shown.map((one) => (
        <Notice
          key={one.id}
          tone={one.tone}
          role="status"
          testId="announcement"
          className="mx-auto max-w-[1120px]"
          actions={
            <IconButton label={t('common.dismiss')} onClick={() => setGone(dismiss(one))}>
              <X size={16} />
            </IconButton>
          }
        >
          <p className="whitespace-pre-line [overflow-wrap:anywhere]">{one.text}</p>
        </Notice>
      ))}
    </section>
  );
}
