/** The page's own connection to the broker, for as long as the page is open. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ConnectionRead } from '@/lib/apiSchemas';
import { requestData } from '@/lib/http';
import { MqttLink } from '../model/mqttLink';

const open = () => requestData<ConnectionRead>('/api/mqtt/connection', { method: 'POST' });

export function useMqttLink() {
  const [link] = useState(() => new MqttLink({ open }));
  useEffect(() => {
    void link.start();
    return () => link.close();
  }, [link]);
  const state = useSyncExternalStore(link.watch, link.getState);
  return { link, ...state };
}
