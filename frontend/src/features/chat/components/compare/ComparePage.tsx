import { useTranslation } from 'react-i18next';
import { PageFrame } from '@/components/ui/PageFrame';
import { useTitle } from '@/hooks/useTitle';
import { useComparison } from '../../model/compare';
import { CompareResult } from './CompareResult';
import { CompareSetUp, type CompareSetUpProps } from './CompareSetUp';

/** One message, two answers side by side. */
export function ComparePage({ sessionId, templateTool }: CompareSetUpProps) {
  const { t } = useTranslation();
  const current = useComparison((state) => state.current);
  const isShown = current !== null && (sessionId === undefined || sessionId === current.sessionId);
  useTitle(t('compare.title'));
  return (
    <PageFrame title={t('compare.title')} subtitle={isShown ? undefined : t('compare.subtitle')} isWide>
      {isShown ? (
        <CompareResult comparison={current} />
      ) : (
        <CompareSetUp key={sessionId} sessionId={sessionId} templateTool={templateTool} />
      )}
    </PageFrame>
  );
}
