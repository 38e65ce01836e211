/** The broker, as the portal sees it. */
import { queryOptions } from '@tanstack/react-query';
import type { MqttRead } from './apiSchemas';
import { requestData } from './http';

export const mqttQuery = queryOptions({
  queryKey: ['mqtt'],
  queryFn: ({ signal }) => requestData<MqttRead>('/api/mqtt', { signal }),
});
