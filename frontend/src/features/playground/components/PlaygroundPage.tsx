import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { buttonStyle } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Segmented } from '@/components/ui/Segmented';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { useMqttLink } from '../hooks/useMqttLink';
import { MazePanel } from '../maze/MazePanel';
import { Console } from './Console';
import { FallbackNotice } from './FallbackNotice';
import { LinkLine } from './LinkLine';

export type PlaygroundView = 'ask' | 'maze';

interface PlaygroundPageProps {
  view: PlaygroundView;
  seed: number | null;
  onView: (view: PlaygroundView) => void;
  onSeed: (seed: number) => void;
}

/** MQTT from the browser: what a game or a device sees, and a game. */
export function PlaygroundPage({ view, seed, onView, onSeed }: PlaygroundPageProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { link, status, account, breaks, error } = useMqttLink();
  useTitle(t('playground.title'));
  return (
    <PageFrame
      title={t('playground.title')}
      subtitle={t('playground.subtitle')}
      isWide
      action={
        <Segmented
          label={t('playground.views')}
          value={view}
          onChange={onView}
          options={[
            { value: 'ask', label: t('playground.view.ask') },
            { value: 'maze', label: t('playground.view.maze') },
          ]}
        />
      }
    >
      {status === 'refused' ? (
        <Notice
          tone="warning"
          role="alert"
          className="mb-5"
          actions={
            <Link to="/devices" className={buttonStyle({ variant: 'outline', size: 'sm' })}>
              {t('devices.title')}
            </Link>
          }
        >
          {errorText(error)}
        </Notice>
      ) : (
        <LinkLine status={status} account={account} breaks={breaks} onCut={() => link.cut()} />
      )}
      <FallbackNotice />
      {view === 'ask' && <Console link={link} account={account} isConnected={status === 'connected'} />}
      {view === 'maze' && (
        <MazePanel link={link} isConnected={status === 'connected'} seed={seed} onSeed={onSeed} />
      )}
    </PageFrame>
  );
}
