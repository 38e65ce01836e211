/** Games, robots and sensors that speak MQTT. */
import { queryOptions } from '@tanstack/react-query';
import type { DeviceCreate, DeviceCreated, DeviceList } from '@/lib/apiSchemas';
import { requestData } from '@/lib/http';

export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  queryFn: async ({ signal }) => (await requestData<DeviceList>('/api/devices', { signal })).items,
});

/** The answer carries the secret, this once. */
export function createDevice(wish: DeviceCreate): Promise<DeviceCreated> {
  return requestData('/api/devices', { method: 'POST', body: wish });
}

/** The old secret ends at once. */
export function renewSecret(id: string): Promise<DeviceCreated> {
  return requestData(`/api/devices/${encodeURIComponent(id)}/secret`, { method: 'POST' });
}

export function deleteDevice(id: string): Promise<unknown> {
  return requestData(`/api/devices/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
