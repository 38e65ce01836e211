/** The seed's door: `llmAPI`, each call answering `{data, status, headers}`. Nothing inside the page imports it. */
import type {
  ChatBody,
  ChatRead,
  ClearRead,
  HealthRead,
  HistoryRead,
  SessionChatBody,
  SessionChatRead,
  WireMessage,
} from './lib/apiSchemas';
import { type ApiResponse, request } from './lib/http';

export type ChatMessage = WireMessage;
/** `temperature: 0` is a value, not "unset". */
export type ChatOptions = Omit<ChatBody, 'messages'>;
export type SessionChatOptions = Omit<SessionChatBody, 'session_id' | 'message'>;
export type { ChatRead, HistoryRead, SessionChatRead };

const sessionPath = (sessionId: string) => `/api/llm/chat/session/${encodeURIComponent(sessionId)}`;

export const llmAPI = {
  chat(messages: ChatMessage[], options: ChatOptions = {}): Promise<ApiResponse<ChatRead>> {
    return request('/api/llm/chat', { method: 'POST', body: { messages, ...options } });
  },
  sessionChat(
    sessionId: string,
    message: string,
    options: SessionChatOptions = {},
  ): Promise<ApiResponse<SessionChatRead>> {
    return request('/api/llm/chat/session', {
      method: 'POST',
      body: { session_id: sessionId, message, ...options },
    });
  },
  getSessionHistory(sessionId: string): Promise<ApiResponse<HistoryRead>> {
    return request(`${sessionPath(sessionId)}/history`);
  },
  clearSession(sessionId: string): Promise<ApiResponse<ClearRead>> {
    return request(sessionPath(sessionId), { method: 'DELETE' });
  },
  health(): Promise<ApiResponse<HealthRead>> {
    return request('/api/llm/health', { auth: false, accept: [503] });
  },
};
