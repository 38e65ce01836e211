/** The shapes that the portal's HTTP API speaks; field names are the contract. */
export type Role = 'user' | 'operator' | 'admin';

export interface User {
  id: number;
  email: string;
  role: Role;
  must_change_password: boolean;
  created_at: string;
}

export interface AuthConfig {
  registration: 'open' | 'invite' | 'closed';
  min_password_length: number;
  has_users: boolean;
}

export interface AccessToken {
  access_token: string;
  token_type: string;
  expires_in: number;
}

export interface SignIn {
  id: string;
  created_at: string;
  last_used_at: string;
  user_agent: string | null;
  ip: string | null;
  is_current: boolean;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  allowed_models: string[] | null;
  expires_at: string | null;
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
  created_at: string;
  last_used_at: string | null;
}

export interface ApiKeyCreate {
  name: string;
  scopes?: string[];
  allowed_models?: string[] | null;
  expires_at?: string | null;
  requests_per_minute?: number | null;
  tokens_per_minute?: number | null;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cached_tokens?: number | null;
  reasoning_tokens?: number | null;
}

export interface Timings {
  queued_ms?: number | null;
  ttft_ms?: number | null;
  total_ms?: number | null;
  tokens_per_second?: number | null;
}

export interface TurnError {
  code: string;
  message: string;
  request_id?: string | null;
}

export type MessageStatus = 'complete' | 'stopped' | 'failed' | 'streaming';

export interface Message {
  id: string;
  parent_id: string | null;
  role: 'user' | 'assistant';
  content: string;
  reasoning: string | null;
  status: MessageStatus;
  model: string | null;
  turn_id: string | null;
  usage: Usage | null;
  timings: Timings | null;
  error: TurnError | null;
  created_at: string;
}

export interface Turn {
  id: string;
  session_id: string;
  status: 'queued' | 'streaming' | 'done' | 'cancelled' | 'failed';
  user_message_id: string;
  assistant_message_id: string;
  model: string | null;
  usage: Usage | null;
  timings: Timings | null;
  error: TurnError | null;
  finish_reason: string | null;
  created_at: string;
}

export interface Session {
  id: string;
  title: string;
  title_source: 'auto' | 'user';
  model: string | null;
  folder: string | null;
  pinned: boolean;
  archived: boolean;
  created_at: string;
  updated_at: string;
  active_turn_id: string | null;
}

export interface SessionDetail extends Session {
  system_prompt: string | null;
  active_leaf_id: string | null;
  messages: Message[];
  active_turn: Turn | null;
}

export interface SearchHit {
  session_id: string;
  title: string;
  message_id: string | null;
  role: string | null;
  snippet: string;
  created_at: string;
}

export interface Ledger {
  turn_id: string;
  model: string | null;
  context_window: number | null;
  budget_tokens: number | null;
  prompt_tokens_counted: number | null;
  prompt_tokens_reported: number | null;
  completion_tokens: number | null;
  cached_tokens: number | null;
  messages_sent: number;
  messages_dropped: { message_id: string; reason: string }[];
  anchor_message_id: string | null;
  trimmed: boolean;
  attempts: { target: string; status: string; error?: string | null; ttft_ms?: number | null }[];
}

export interface Health {
  status: 'healthy' | 'degraded' | 'unavailable';
  model: string | null;
  is_demo: boolean;
  source: 'embedded' | 'configured';
  latency_ms: number | null;
  message: string | null;
}

export interface Model {
  id: string;
  name: string;
  is_default: boolean;
  is_demo: boolean;
  source: 'embedded' | 'configured';
  context_window: number | null;
  capabilities: string[];
}
