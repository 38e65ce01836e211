import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { ChatView } from '@/features/chat/components/ChatView';
import { NewChatView } from '@/features/chat/components/NewChatView';
import { useSessionActions } from '@/features/chat/hooks/useSessionActions';
import { chooseTemplate, dropTemplate, useTemplateUse } from '@/features/chat/model/templateUse';
import { TemplateTool } from '@/features/templates/components/TemplateTool';
import type { TemplateUse } from '@/lib/contracts';

export function ChatRoute() {
  const { sessionId } = useParams({ from: '/app/c/$sessionId' });
  const { m } = useSearch({ from: '/app/c/$sessionId' });
  const use = useTemplateUse(sessionId);
  const { update } = useSessionActions();
  const change = (next: TemplateUse | null) => {
    if (next) return chooseTemplate(sessionId, next);
    const instructions = dropTemplate(sessionId);
    if (instructions !== undefined) void update(sessionId, { system_prompt: instructions });
  };
  return (
    <ChatView
      key={sessionId}
      sessionId={sessionId}
      targetMessageId={m}
      tools={<TemplateTool use={use} onChange={change} />}
    />
  );
}

export function NewChatRoute() {
  const { template } = useSearch({ from: '/app/' });
  const navigate = useNavigate();
  const use = useTemplateUse(null);
  // The address said what to open; reloading it must not open it again.
  useEffect(() => {
    if (template !== undefined) void navigate({ to: '/', replace: true });
  }, [template, navigate]);
  const change = (next: TemplateUse | null) => {
    if (next) chooseTemplate(null, next);
    else dropTemplate(null);
  };
  return <NewChatView tools={<TemplateTool use={use} onChange={change} openWith={template} />} />;
}
