import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTitle } from '@/hooks/useTitle';
import type { AttachmentRef } from '@/lib/contracts';
import { randomId } from '@/lib/ids';
import { useCurrentModel } from '../hooks/useCurrentModel';
import { chooseModel, useChosenModel } from '../model/modelChoice';
import { chooseTemplate, dropTemplate, templateOf } from '../model/templateUse';
import { sendTurn } from '../model/turnRunner';
import { ChatHeader } from './ChatHeader';
import { Composer } from './Composer';
import { ComposerDock } from './ComposerDock';
import { DemoNotice } from './DemoNotice';
import { EmptyChat } from './EmptyChat';
import { HealthNotices } from './HealthNotices';
import { ModelPicker } from './ModelPicker';

/** A conversation that does not exist yet: the first message makes it. */
export function NewChatView({ tools }: { tools?: ReactNode }) {
  const navigate = useNavigate();
  const model = useChosenModel(null);
  const { current } = useCurrentModel(null);
  useTitle('');
  const start = (message: string, attachments: AttachmentRef[] = []) => {
    const sessionId = randomId();
    if (model) chooseModel(sessionId, model);
    const template = templateOf(null);
    if (template) {
      chooseTemplate(sessionId, template);
      dropTemplate(null);
    }
    void sendTurn({ sessionId, message, attachments, model, isNewSession: true });
    void navigate({ to: '/c/$sessionId', params: { sessionId } });
  };
  return (
    <>
      <ChatHeader title="" />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <EmptyChat onStart={(text) => start(text)} />
      </div>
      <ComposerDock
        notice={
          <>
            <HealthNotices />
            <DemoNotice model={current} />
          </>
        }
      >
        <Composer
          sessionId={null}
          isRunning={false}
          isStopping={false}
          model={current}
          onSend={start}
          onStop={() => undefined}
          tools={
            <>
              {tools}
              <ModelPicker sessionId={null} />
            </>
          }
        />
      </ComposerDock>
    </>
  );
}
