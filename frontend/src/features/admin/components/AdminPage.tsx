import '@/lib/moreWords';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Segmented } from '@/components/ui/Segmented';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { useAuthSession } from '@/lib/authSession';
import { useSnapshot } from '../hooks/useSnapshot';
import { Announce } from './Announce';
import { AuditLog } from './AuditLog';
import { Figures } from './Figures';
import { GroupCharts } from './GroupCharts';
import { HealthBoard } from './HealthBoard';
import { LiveCharts } from './LiveCharts';
import { LiveTurns } from './LiveTurns';
import { People } from './People';
import { Providers } from './Providers';

const views = ['health', 'figures', 'providers', 'people', 'announce', 'audit'] as const;
type View = (typeof views)[number];
const adminsOnly: View[] = ['providers', 'announce', 'audit'];

/** What is up, what is slow, who uses what; people, and who changed what. */
export default function AdminPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const isAdmin = useAuthSession((state) => state.user?.role === 'admin');
  const { snapshot, points, currency, error } = useSnapshot();
  const [view, setView] = useState<View>('health');
  useTitle(t('admin.title'));
  return (
    <PageFrame
      title={t('admin.title')}
      subtitle={t('admin.subtitle')}
      isWide
      action={
        <Segmented
          label={t('admin.views')}
          value={view}
          onChange={setView}
          options={views
            .filter((one) => isAdmin || !adminsOnly.includes(one))
            .map((value) => ({ value, label: t(`admin.view.${value}`) }))}
        />
      }
    >
      {error !== null && (
        <Notice tone="error" role="alert" className="mb-5">
          {errorText(error)}
        </Notice>
      )}
      {view === 'health' && (
        <>
          <HealthBoard health={snapshot?.health ?? null} />
          <LiveTurns turns={snapshot?.live ?? null} />
          <LiveCharts points={points} currency={currency} />
          <GroupCharts />
        </>
      )}
      {view === 'figures' && <Figures />}
      {view === 'providers' && <Providers />}
      {view === 'people' && <People canChange={isAdmin} />}
      {view === 'announce' && <Announce />}
      {view === 'audit' && <AuditLog />}
    </PageFrame>
  );
}
