/** Tell this person's other tabs that a conversation changed, so that they show the same. */
type TabMessage = { kind: 'session'; sessionId: string } | { kind: 'sessions' };

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('portal.sessions');

export function tellOtherTabs(message: TabMessage): void {
  channel?.postMessage(message);
}

export function onOtherTab(listener: (message: TabMessage) => void): () => void {
  if (!channel) return () => undefined;
  const handle = (event: MessageEvent<TabMessage>) => listener(event.data);
  channel.addEventListener('message', handle);
  return () => channel.removeEventListener('message', handle);
}
