import { useEffect, useState } from 'react';
import type { PluginConfig } from 'streamdown';

const none: PluginConfig = {};
let loaded: PluginConfig | null = null;

/** The plugin for formulas once it is there, nothing before; most answers have no formula. */
export function useMathPlugin(isNeeded: boolean): PluginConfig {
  const [plugins, setPlugins] = useState(loaded);
  useEffect(() => {
    if (!isNeeded || plugins) return;
    let isCurrent = true;
    import('./math').then(
      ({ mathPlugins }) => {
        loaded = mathPlugins;
        if (isCurrent) setPlugins(mathPlugins);
      },
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [isNeeded, plugins]);
  return (isNeeded && plugins) || none;
}
