import { useParams, useSearch } from '@tanstack/react-router';
import { ChatView } from '@/features/chat/components/ChatView';
import { NewChatView } from '@/features/chat/components/NewChatView';

export function ChatRoute() {
  const { sessionId } = useParams({ from: '/app/c/$sessionId' });
  const { m } = useSearch({ from: '/app/c/$sessionId' });
  return <ChatView key={sessionId} sessionId={sessionId} targetMessageId={m} />;
}

export function NewChatRoute() {
  return <NewChatView />;
}
