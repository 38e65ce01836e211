/** The seed's door: `llmAPI`, each call answering `{data, status, headers}`. Nothing inside the page imports it. */
import type { Health, Message, Usage } from './lib/contracts';
import { type ApiResponse, request } from './lib/http';

export interface GenerationOptions {
  model?: string;
  /** 0 is a value, not "unset". */
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
}

export interface ChatOptions extends GenerationOptions {
  response_format?: Record<string, unknown>;
  tools?: Record<string, unknown>[];
  tool_choice?: string | Record<string, unknown>;
}

export interface SessionChatOptions extends GenerationOptions {
  system_prompt?: string;
  parent_id?: string | null;
}

export interface ChatAnswer {
  response: string;
  reasoning?: string | null;
  usage: Usage;
  model: string;
  finish_reason: string;
  session_id: string | null;
}

export interface SessionChatAnswer extends ChatAnswer {
  session_id: string;
  turn_id: string;
}

export interface SessionHistory {
  session_id: string;
  messages: Pick<Message, 'id' | 'role' | 'content' | 'created_at'>[];
}

const sessionPath = (sessionId: string) => `/api/llm/chat/session/${encodeURIComponent(sessionId)}`;

export const llmAPI = {
  chat(messages: ChatMessage[], options: ChatOptions = {}): Promise<ApiResponse<ChatAnswer>> {
    return request('/api/llm/chat', { method: 'POST', body: { messages, ...options } });
  },
  sessionChat(
    sessionId: string,
    message: string,
    options: SessionChatOptions = {},
  ): Promise<ApiResponse<SessionChatAnswer>> {
    return request('/api/llm/chat/session', {
      method: 'POST',
      body: { session_id: sessionId, message, ...options },
    });
  },
  getSessionHistory(sessionId: string): Promise<ApiResponse<SessionHistory>> {
    return request(`${sessionPath(sessionId)}/history`);
  },
  clearSession(sessionId: string): Promise<ApiResponse<{ ok: boolean; message: string }>> {
    return request(sessionPath(sessionId), { method: 'DELETE' });
  },
  health(): Promise<ApiResponse<Health>> {
    return request('/api/llm/health', { auth: false, accept: [503] });
  },
};
