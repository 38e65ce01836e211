/** Written by `npm run schemas` from docs/openapi.json; do not edit. */

export interface AccountDeletion {
  password: string;
}

export interface AclBody {
  action: 'publish' | 'subscribe';
  topic: string;
  username?: string;
}

export interface AclRead {
  result: 'allow' | 'deny';
}

export interface AdminHealthRead {
  checked_at: string;
  components: Array<ComponentRead>;
  replica: string;
  status: 'ok' | 'degraded' | 'down';
  version: string;
}

export interface AdminUserList {
  items: Array<AdminUserRead>;
  next_after: number | null;
}

export interface AdminUserRead {
  budget: Budget | null;
  created_at: string;
  email: string;
  id: number;
  is_active: boolean;
  must_change_password: boolean;
  requests_per_minute: number | null;
  role: 'user' | 'operator' | 'admin';
  tokens_per_minute: number | null;
}

export interface AdminUserUpdate {
  is_active?: boolean | null;
  role?: 'user' | 'operator' | 'admin' | null;
}

export interface AnnouncementCreate {
  hours?: number | null;
  text: string;
  tone?: 'info' | 'warning';
}

export interface AnnouncementList {
  items: Array<AnnouncementRead>;
}

export interface AnnouncementRead {
  created_at: string;
  ends_at: string | null;
  id: string;
  text: string;
  tone: 'info' | 'warning';
}

export interface AnswerMapping {
  completion_tokens?: string;
  content: string;
  error?: string;
  finish_reason?: string;
  prompt_tokens?: string;
}

export interface AttachmentRead {
  created_at: string;
  height: number | null;
  id: string;
  kind: 'image' | 'document';
  media_type: string;
  name: string;
  size_bytes: number;
  text_chars: number | null;
  truncated: boolean;
  width: number | null;
}

export interface AttachmentRef {
  id: string;
  kind: 'image' | 'document';
  media_type: string;
  name: string;
  size_bytes: number;
}

export interface AuditLine {
  action: string;
  actor: string;
  actor_id: number | null;
  created_at: string;
  details: Record<string, unknown> | null;
  id: string;
  request_id: string;
  subject: string;
}

export interface AuditPage {
  items: Array<AuditLine>;
  next_before: string | null;
}

export interface AuthConfig {
  has_users: boolean;
  min_password_length: number;
  registration: 'open' | 'invite' | 'closed';
}

export interface BrokerSignInRead {
  expire_at?: number | null;
  is_superuser: boolean;
  result: 'allow' | 'deny';
}

export interface Budget {
  day?: number | null;
  month?: number | null;
  total?: number | null;
}

export interface BudgetState {
  ends_at: string | null;
  limit: number;
  of: 'key' | 'user';
  period: 'day' | 'month' | 'total';
  spent: number;
}

export interface BudgetStates {
  currency: string;
  items: Array<BudgetState>;
}

export interface CancelRead {
  ok: true;
  status: string;
}

export interface ChatBody {
  max_tokens?: number | null;
  messages: Array<WireMessage>;
  model?: string | null;
  response_format?: Record<string, unknown> | null;
  temperature?: number | null;
  template_id?: number | null;
  template_version?: number | null;
  tool_choice?: 'auto' | 'none' | 'required' | Record<string, unknown> | null;
  tools?: Array<Record<string, unknown>> | null;
  top_p?: number | null;
  variables?: Record<string, unknown> | null;
}

export interface ChatRead {
  finish_reason: string | null;
  model: string | null;
  reasoning: string | null;
  response: string;
  session_id?: null;
  tool_calls: Array<Record<string, unknown>> | null;
  usage: UsageRead | null;
}

export interface ClearRead {
  message: string;
  ok: true;
}

export interface ComponentRead {
  advice: string;
  figures?: Record<string, number>;
  latency_ms?: number | null;
  message: string;
  name: string;
  since: string;
  state: 'ok' | 'degraded' | 'down' | 'starting' | 'off';
}

export interface ConnectionRead {
  client_id: string;
  expires_at: string;
  password: string;
  protocol_version: 4 | 5;
  topics: ConnectionTopics;
  url: string;
  username: string;
}

export interface ConnectionTopics {
  cancel: string;
  projects: Record<string, ProjectTopics>;
  request: string;
  response: string;
  status: string;
}

export interface DeviceCreate {
  allowed_models?: Array<string> | null;
  budget?: Budget | null;
  name: string;
  projects?: Array<string>;
  requests_per_minute?: number | null;
  tokens_per_minute?: number | null;
}

export interface DeviceCreated {
  allowed_models?: Array<string> | null;
  budget?: Budget | null;
  client: string;
  created_at: string;
  id: string;
  is_key_revoked?: boolean;
  last_request_at?: string | null;
  name: string;
  presence?: PresenceRead | null;
  projects: Array<string>;
  requests_per_minute?: number | null;
  secret: string;
  spent?: Spent | null;
  tokens_per_minute?: number | null;
}

export interface DeviceList {
  currency: string;
  items: Array<DeviceRead>;
}

export interface DeviceRead {
  allowed_models?: Array<string> | null;
  budget?: Budget | null;
  client: string;
  created_at: string;
  id: string;
  is_key_revoked: boolean;
  last_request_at?: string | null;
  name: string;
  presence?: PresenceRead | null;
  projects: Array<string>;
  requests_per_minute?: number | null;
  spent?: Spent | null;
  tokens_per_minute?: number | null;
}

export interface DeviceRequest {
  completion_tokens: number;
  cost: number;
  created_at: string;
  door: string;
  error_code: string | null;
  model: string | null;
  operation: string;
  prompt_tokens: number;
  status: string;
  total_ms: number | null;
}

export interface DeviceRequests {
  currency: string;
  items: Array<DeviceRequest>;
}

export interface DeviceUpdate {
  allowed_models?: Array<string> | null;
  budget?: Budget | null;
  name?: string;
  projects?: Array<string>;
  requests_per_minute?: number | null;
  tokens_per_minute?: number | null;
}

export interface Done {
  ok?: true;
}

export interface DraftRead {
  mapping: MappingDefinition;
  notes: Array<string>;
  replayed: Array<Replayed>;
}

export interface DraftWish {
  path?: string;
  request: Record<string, unknown>;
  response: unknown;
  stream?: string | null;
  stream_path?: string | null;
}

export interface ErrorRead {
  code: string;
  message: string;
}

export interface FileMistake {
  line: number;
  message: string;
}

export interface FileState {
  loaded_at: string | null;
  mistakes: Array<FileMistake>;
  name: string;
}

export interface FolderFilling {
  name: string;
  session_ids: Array<string>;
}

export interface FolderPage {
  items: Array<FolderRead>;
}

export interface FolderRead {
  name: string;
  sessions: number;
}

export interface FolderRename {
  name: string;
  new_name: string | null;
}

export interface FoldersChanged {
  changed: number;
  session_ids: Array<string>;
}

export interface HealthRead {
  is_demo: boolean;
  latency_ms: number | null;
  message: string;
  model: string | null;
  source: 'embedded' | 'configured';
  status: 'healthy' | 'degraded' | 'unavailable';
}

export interface HistoryItem {
  content: string;
  created_at: string;
  id: string;
  model: string | null;
  reasoning: string | null;
  role: string;
}

export interface HistoryRead {
  messages: Array<HistoryItem>;
  session_id: string;
}

export interface HTTPValidationError {
  detail?: Array<ValidationError>;
}

export interface ImportedSession {
  messages: number;
  session_id: string;
  title: string;
}

export interface ImportRead {
  imported: Array<ImportedSession>;
  skipped: Array<SkippedSession>;
}

export interface InvitationCreate {
  days?: number;
  role?: 'user' | 'operator' | 'admin';
}

export interface InvitationList {
  items: Array<InvitationState>;
}

export interface InvitationRead {
  code: string;
  expires_in_days: number;
  role: 'user' | 'operator' | 'admin';
}

export interface InvitationState {
  created_at: string;
  expires_at: string;
  id: string;
  role: 'user' | 'operator' | 'admin';
}

export interface KeyCreate {
  allowed_models?: Array<string> | null;
  budget?: Budget | null;
  expires_at?: string | null;
  name: string;
  requests_per_minute?: number | null;
  scopes?: Array<'chat' | 'gateway' | 'devices' | 'admin'>;
  tokens_per_minute?: number | null;
}

export interface KeyCreated {
  allowed_models: Array<string> | null;
  budget: Budget | null;
  created_at: string;
  expires_at: string | null;
  id: string;
  key: string;
  last_used_at: string | null;
  name: string;
  prefix: string;
  requests_per_minute: number | null;
  scopes: Array<'chat' | 'gateway' | 'devices' | 'admin'>;
  tokens_per_minute: number | null;
}

export interface KeyList {
  items: Array<KeyRead>;
}

export interface KeyRead {
  allowed_models: Array<string> | null;
  budget: Budget | null;
  created_at: string;
  expires_at: string | null;
  id: string;
  last_used_at: string | null;
  name: string;
  prefix: string;
  requests_per_minute: number | null;
  scopes: Array<'chat' | 'gateway' | 'devices' | 'admin'>;
  tokens_per_minute: number | null;
}

export interface KeyUpdate {
  allowed_models?: Array<string> | null;
  budget?: Budget | null;
  expires_at?: string | null;
  name?: string;
  requests_per_minute?: number | null;
  tokens_per_minute?: number | null;
}

export interface LeafChoice {
  message_id: string;
}

export interface LeafRead {
  active_leaf_id: string;
}

export interface LedgerRead {
  anchor_message_id: string | null;
  attempts: Array<Record<string, unknown>>;
  budget_tokens: number;
  cached_tokens: number | null;
  completion_tokens: number | null;
  context_window: number | null;
  lock_lost: boolean;
  messages_dropped: Array<Record<string, string>>;
  messages_dropped_count: number;
  messages_sent: number;
  model: string;
  prompt_tokens_counted: number;
  prompt_tokens_reported: number | null;
  trimmed: boolean;
  turn_id: string;
}

export interface LimitsRead {
  budget: Budget | null;
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
}

export interface LimitsUpdate {
  budget?: Budget | null;
  requests_per_minute?: number | null;
  tokens_per_minute?: number | null;
}

export interface LiveRead {
  items: Array<LiveTurn>;
}

export interface LiveTurn {
  created_at: string;
  door: string;
  email: string;
  model: string | null;
  replica: string | null;
  started_at: string | null;
  status: string;
  turn_id: string;
  user_id: number;
}

export interface LoginRequest {
  email: string;
  password: string;
}

export interface MappingDefinition {
  health_path?: string | null;
  path: string;
  request: Record<string, unknown>;
  response: AnswerMapping;
  stream?: StreamMapping | null;
}

export interface MessageRead {
  attachments: Array<AttachmentRef>;
  content: string;
  created_at: string;
  error: ErrorRead | null;
  finish_reason: string | null;
  id: string;
  model: string | null;
  parent_id: string | null;
  reasoning: string | null;
  role: 'user' | 'assistant';
  status: 'complete' | 'stopped' | 'failed' | 'streaming';
  timings: Record<string, number> | null;
  turn_id: string | null;
  usage: UsageRead | null;
}

export interface MessageTokens {
  input_tokens: number;
}

export interface ModelEntry {
  capabilities: Array<string>;
  context_window: number | null;
  created?: number;
  id: string;
  object?: 'model';
  owned_by?: string;
}

export interface ModelList {
  items: Array<ModelRead>;
}

export interface ModelPage {
  data: Array<ModelEntry>;
  object?: 'list';
}

export interface ModelRead {
  capabilities: Array<string>;
  context_window: number | null;
  id: string;
  is_default: boolean;
  is_demo: boolean;
  name: string;
  source: 'embedded' | 'configured';
}

export interface MqttRead {
  host?: string | null;
  is_fallback: boolean;
  is_own: boolean;
  message: string;
  port?: number | null;
  projects: Array<string>;
  status: 'connected' | 'disconnected' | 'off';
  websocket_path?: string | null;
  websocket_port?: number | null;
}

export interface PasswordChange {
  current_password: string;
  new_password: string;
}

export interface PortableMessage {
  content: string;
  created_at: string;
  files?: Array<string>;
  id: string;
  model?: string | null;
  parent_id?: string | null;
  reasoning?: string | null;
  role: 'user' | 'assistant';
  status?: 'complete' | 'stopped' | 'failed' | 'streaming';
  tool_calls?: Array<Record<string, unknown>> | null;
}

export interface PortableSession {
  active_leaf_id?: string | null;
  archived?: boolean;
  created_at: string;
  folder?: string | null;
  format?: 'prompt-portal.session/1';
  id?: string | null;
  messages: Array<PortableMessage>;
  model?: string | null;
  pinned?: boolean;
  system_prompt?: string | null;
  title?: string;
  title_source?: 'auto' | 'user';
  updated_at: string;
}

export interface PresenceRead {
  since: string;
  state: 'online' | 'offline';
}

export interface PriceDefinition {
  cached?: number | null;
  input?: number;
  output?: number;
}

export interface ProjectList {
  items: Array<ProjectRead>;
}

export interface ProjectRead {
  answer_schema?: Record<string, unknown> | null;
  coalesces_states: boolean;
  deadline_seconds?: number | null;
  is_builtin: boolean;
  is_changed: boolean;
  max_tokens?: number | null;
  model?: string | null;
  name: string;
  priority: 'player' | 'chat' | 'batch';
  system_prompt: string;
  temperature?: number | null;
  template_id?: number | null;
  template_version?: number | null;
  top_p?: number | null;
  updated_at: string | null;
  variables?: Record<string, unknown> | null;
}

export interface ProjectSettings {
  answer_schema?: Record<string, unknown> | null;
  coalesces_states?: boolean;
  deadline_seconds?: number | null;
  max_tokens?: number | null;
  model?: string | null;
  priority?: 'player' | 'chat' | 'batch';
  system_prompt?: string;
  temperature?: number | null;
  template_id?: number | null;
  template_version?: number | null;
  top_p?: number | null;
  variables?: Record<string, unknown> | null;
}

export interface ProjectTopics {
  state: string;
  status: string;
  user_input: string;
}

export interface ProviderCreate {
  allow_private_network?: boolean;
  api_key?: string | null;
  base_url?: string | '';
  is_enabled?: boolean;
  kind?: 'llama.cpp' | 'vllm' | 'ollama' | 'localai' | 'lm-studio' | 'openai' | 'anthropic' | 'openrouter' | 'gemini' | 'generic' | 'translated' | 'module' | 'litellm' | null;
  mapping?: MappingDefinition | null;
  models?: Array<ProviderModel>;
  module?: string | null;
  name: string;
  offer_all?: boolean;
  own_routes?: Array<'responses' | 'background' | 'messages'> | null;
  price?: PriceDefinition | null;
}

export interface ProviderList {
  file: FileState | null;
  items: Array<ProviderRead>;
}

export interface ProviderModel {
  capabilities?: Array<'chat' | 'code' | 'vision' | 'tools' | 'json' | 'embeddings' | 'long-context' | 'high-throughput'>;
  context_window?: number | null;
  is_drained?: boolean;
  model?: string | null;
  name: string;
  price?: PriceDefinition | null;
  priority?: number;
  weight?: number;
}

export interface ProviderRead {
  allow_private_network: boolean;
  base_url: string;
  created_at: string | null;
  has_api_key: boolean;
  id: string | null;
  is_enabled: boolean;
  kind: 'llama.cpp' | 'vllm' | 'ollama' | 'localai' | 'lm-studio' | 'openai' | 'anthropic' | 'openrouter' | 'gemini' | 'generic' | 'translated' | 'module' | 'litellm' | null;
  mapping: MappingDefinition | null;
  models: Array<ProviderModel>;
  module: string | null;
  name: string;
  offer_all: boolean;
  own_routes: Array<'responses' | 'background' | 'messages'> | null;
  price: PriceDefinition | null;
  source: 'stored' | 'file';
  state: ProviderState | null;
  updated_at: string | null;
}

export interface ProviderState {
  is_healthy: boolean;
  latency_ms: number | null;
  message: string;
  targets: Array<TargetState>;
}

export interface ProviderTest {
  is_healthy: boolean;
  kind: 'llama.cpp' | 'vllm' | 'ollama' | 'localai' | 'lm-studio' | 'openai' | 'anthropic' | 'openrouter' | 'gemini' | 'generic' | null;
  latency_ms: number;
  message: string;
  models: Array<string>;
  replayed?: Array<Replayed>;
}

export interface ProviderTestWish {
  samples?: Array<Sample>;
}

export interface ProviderUpdate {
  allow_private_network?: boolean;
  api_key?: string | null;
  base_url?: string | '';
  is_enabled?: boolean;
  kind?: 'llama.cpp' | 'vllm' | 'ollama' | 'localai' | 'lm-studio' | 'openai' | 'anthropic' | 'openrouter' | 'gemini' | 'generic' | 'translated' | 'module' | 'litellm' | null;
  mapping?: MappingDefinition | null;
  models?: Array<ProviderModel>;
  module?: string | null;
  offer_all?: boolean;
  own_routes?: Array<'responses' | 'background' | 'messages'> | null;
  price?: PriceDefinition | null;
}

export interface PulsePoint {
  active: number;
  at: number;
  cached_share: number | null;
  cost_per_minute: number;
  failures: number;
  hit_share: number | null;
  queued: number;
  refusals: number;
  replicas: number;
  requests_per_second: number;
  tokens_per_second: number;
  ttft_ms_p50: number | null;
  ttft_ms_p95: number | null;
  turns_per_second: number;
}

export interface PulseRead {
  currency: string;
  points: Array<PulsePoint>;
  replica: string;
  replicas: Array<ReplicaRead>;
}

export interface RegisterRequest {
  email: string;
  invite?: string | null;
  password: string;
}

export interface RenderBody {
  variables?: Record<string, unknown>;
  version?: number | null;
}

export interface RenderRead {
  text: string;
  version: number;
}

export interface RenewedRead {
  access_token: string;
  expires_in: number;
  token_type: 'bearer';
  user: UserRead;
}

export interface Replayed {
  completion_tokens?: number | null;
  finish_reason?: string | null;
  pieces?: Array<string>;
  problem?: string | null;
  prompt_tokens?: number | null;
  request: unknown;
  text?: string | null;
}

export interface ReplicaRead {
  active: number;
  is_this: boolean;
  queued: number;
  replica: string;
  silent_seconds: number | null;
  version: string;
}

export interface Sample {
  chat?: Record<string, unknown>;
  response?: unknown;
  stream?: string | null;
}

export interface SearchHit {
  created_at: string;
  message_id: string | null;
  role: string | null;
  session_id: string;
  snippet: string;
  title: string;
}

export interface SearchResult {
  items: Array<SearchHit>;
}

export interface SessionChatBody {
  attachments?: Array<string>;
  max_tokens?: number | null;
  message?: string | null;
  model?: string | null;
  parent_id?: string | null;
  regenerate_of?: string | null;
  session_id: string;
  system_prompt?: string | null;
  temperature?: number | null;
  template_id?: number | null;
  template_version?: number | null;
  top_p?: number | null;
  variables?: Record<string, unknown> | null;
}

export interface SessionChatRead {
  assistant_message_id: string;
  finish_reason: string | null;
  model: string | null;
  reasoning: string | null;
  response: string;
  session_id: string;
  turn_id: string;
  usage: UsageRead | null;
  user_message_id: string;
}

export interface SessionCreate {
  id?: string | null;
  model?: string | null;
  system_prompt?: string | null;
  title?: string | null;
}

export interface SessionDetail {
  active_leaf_id: string | null;
  active_turn: TurnRead | null;
  active_turn_id: string | null;
  archived: boolean;
  created_at: string;
  folder: string | null;
  id: string;
  messages: Array<MessageRead>;
  model: string | null;
  pinned: boolean;
  system_prompt: string | null;
  title: string;
  title_source: 'auto' | 'user';
  updated_at: string;
}

export interface SessionPage {
  items: Array<SessionRead>;
  next_cursor: string | null;
}

export interface SessionRead {
  active_turn_id: string | null;
  archived: boolean;
  created_at: string;
  folder: string | null;
  id: string;
  model: string | null;
  pinned: boolean;
  title: string;
  title_source: 'auto' | 'user';
  updated_at: string;
}

export interface SessionRef {
  session_id: string;
}

export interface SessionUpdate {
  archived?: boolean;
  folder?: string | null;
  model?: string | null;
  pinned?: boolean;
  system_prompt?: string | null;
  title?: string;
}

export interface ShareCreate {
  include_reasoning?: boolean;
}

export interface ShareCreated {
  created_at: string;
  token: string;
  url: string;
}

export interface SharedMessage {
  content: string;
  created_at: string;
  files: Array<string>;
  reasoning: string | null;
  role: 'user' | 'assistant';
}

export interface SharedSession {
  created_at: string;
  messages: Array<SharedMessage>;
  title: string;
  updated_at: string;
}

export interface ShareState {
  created_at?: string | null;
  includes_reasoning?: boolean;
  is_outdated?: boolean;
  is_shared: boolean;
  messages?: number;
  updated_at?: string | null;
}

export interface SignInBody {
  password?: string;
  username?: string;
}

export interface SignInList {
  items: Array<SignInRead>;
}

export interface SignInRead {
  created_at: string;
  id: string;
  ip: string;
  is_current: boolean;
  last_used_at: string;
  user_agent: string;
}

export interface SkippedSession {
  index: number;
  reason: string;
  title: string;
}

export interface Spent {
  day?: number | null;
  month?: number | null;
  total?: number | null;
}

export interface StatsRead {
  by: 'hour' | 'door' | 'model' | 'user' | 'device';
  groups: Array<StatsRow>;
  hours: number;
  is_partial: boolean;
  total: StatsRow;
}

export interface StatsRow {
  cached_tokens: number;
  cancelled: number;
  completion_tokens: number;
  cost: number;
  errors: number;
  key: string;
  prompt_tokens: number;
  total_ms_p50: number | null;
  total_ms_p95: number | null;
  ttft_ms_p50: number | null;
  ttft_ms_p95: number | null;
  turns: number;
}

export interface StreamMapping {
  content?: string;
  error?: string;
  finished?: string;
  framing?: 'json' | 'sse' | 'text';
  path: string;
}

export interface TargetState {
  breaker: 'closed' | 'open' | 'half_open';
  in_use: number;
  model: string;
}

export interface TemplateCreate {
  content: string;
  description?: string;
  is_active?: boolean;
  is_public?: boolean;
  tags?: Array<string>;
  title: string;
  variables?: Array<Variable>;
  version?: number | null;
}

export interface TemplateRead {
  content: string;
  created_at: string;
  description: string;
  id: number;
  is_active: boolean;
  is_public: boolean;
  tags: Array<string>;
  title: string;
  updated_at: string;
  user_id: number;
  variables: Array<Variable>;
  version: number;
}

export interface TemplateUpdate {
  content?: string;
  description?: string;
  is_active?: boolean;
  is_public?: boolean;
  tags?: Array<string>;
  title?: string;
  variables?: Array<Variable>;
  version?: number | null;
}

export interface TemplateVersionRead {
  content: string;
  created_at: string;
  variables: Array<Variable>;
  version: number;
}

export interface TimelineRead {
  by: 'door' | 'model' | 'user' | 'device';
  currency: string;
  is_partial: boolean;
  series: Array<TimelineSeries>;
  step_seconds: number;
  times: Array<number>;
}

export interface TimelineSeries {
  cache_hits: Array<number>;
  cost: Array<number>;
  errors: Array<number>;
  is_rest: boolean;
  key: string;
  tokens: Array<number>;
  ttft_ms_p50: Array<number | null>;
  ttft_ms_p95: Array<number | null>;
  turns: Array<number>;
}

export interface TokenRead {
  access_token: string;
  expires_in: number;
  token_type: 'bearer';
}

export interface TurnRead {
  assistant_message_id: string;
  created_at: string;
  error: ErrorRead | null;
  finish_reason: string | null;
  finished_at: string | null;
  id: string;
  model: string | null;
  session_id: string;
  started_at: string | null;
  status: 'queued' | 'streaming' | 'done' | 'cancelled' | 'failed';
  timings: Record<string, number> | null;
  usage: UsageRead | null;
  user_message_id: string;
}

export interface UsageFigures {
  cache_hits: number;
  cached_tokens: number;
  cancelled: number;
  completion_tokens: number;
  cost: number;
  errors: number;
  prompt_tokens: number;
  reasoning_tokens: number;
  requests: number;
}

export interface UsageGroup {
  cache_hits: number;
  cached_tokens: number;
  cancelled: number;
  completion_tokens: number;
  cost: number;
  errors: number;
  key: string;
  label: string;
  prompt_tokens: number;
  reasoning_tokens: number;
  requests: number;
}

export interface UsageRead {
  cached_tokens: number;
  completion_tokens: number;
  prompt_tokens: number;
  reasoning_tokens: number;
  total_tokens: number;
}

export interface UsageReport {
  by: string;
  currency: string;
  groups: Array<UsageGroup>;
  since: string;
  total: UsageFigures;
  until: string;
}

export interface UserRead {
  created_at: string;
  email: string;
  id: number;
  must_change_password: boolean;
  role: 'user' | 'operator' | 'admin';
}

export interface ValidationError {
  ctx?: Record<string, unknown>;
  input?: unknown;
  loc: Array<string | number>;
  msg: string;
  type: string;
}

export interface Variable {
  choices?: Array<string> | null;
  default?: string | boolean | number | null;
  description?: string;
  max_length?: number | null;
  name: string;
  required?: boolean;
  type?: 'string' | 'number' | 'boolean' | 'choice';
}

export interface WireMessage {
  content?: string | Array<Record<string, unknown>> | null;
  name?: string | null;
  role: 'system' | 'user' | 'assistant' | 'tool';
  tool_call_id?: string | null;
  tool_calls?: Array<Record<string, unknown>> | null;
}
