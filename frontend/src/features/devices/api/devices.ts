/** Games, robots and sensors that speak MQTT. */
import { queryOptions } from '@tanstack/react-query';
import type {
  DeviceCreate,
  DeviceCreated,
  DeviceList,
  DeviceRead,
  DeviceRequests,
  DeviceUpdate,
} from '@/lib/apiSchemas';
import { requestData } from '@/lib/http';

const lookEveryMs = 10_000;
const place = (id: string) => `/api/devices/${encodeURIComponent(id)}`;

/** Asked again while it is looked at: devices come and go by themselves. */
export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  queryFn: ({ signal }) => requestData<DeviceList>('/api/devices', { signal }),
  refetchInterval: lookEveryMs,
});

export const requestsQuery = (id: string) =>
  queryOptions({
    queryKey: ['device', id, 'requests'],
    queryFn: ({ signal }) => requestData<DeviceRequests>(`${place(id)}/requests`, { signal }),
    refetchInterval: lookEveryMs,
  });

/** The answer carries the secret, this once. */
export function createDevice(wish: DeviceCreate): Promise<DeviceCreated> {
  return requestData('/api/devices', { method: 'POST', body: wish });
}

export function updateDevice(id: string, change: DeviceUpdate): Promise<DeviceRead> {
  return requestData(place(id), { method: 'PATCH', body: change });
}

/** The old secret ends at once. */
export function renewSecret(id: string): Promise<DeviceCreated> {
  return requestData(`${place(id)}/secret`, { method: 'POST' });
}

export function deleteDevice(id: string): Promise<unknown> {
  return requestData(place(id), { method: 'DELETE' });
}
