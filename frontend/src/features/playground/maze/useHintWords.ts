import { useTranslation } from 'react-i18next';
import { bearingIn } from './words';

/** A hint's words as a person says them. */
export function useHintWords(): (text: string) => string {
  const { t, i18n } = useTranslation();
  return (text) => {
    const bearing = bearingIn(text);
    if (!bearing) return text;
    const { right, down } = bearing;
    const parts = [
      right !== 0 && t(right > 0 ? 'maze.bearing.right' : 'maze.bearing.left', { count: Math.abs(right) }),
      down !== 0 && t(down > 0 ? 'maze.bearing.down' : 'maze.bearing.up', { count: Math.abs(down) }),
    ].filter((part) => part !== false);
    if (parts.length === 0) return t('maze.bearing.here');
    return t('maze.bearing.door', { where: new Intl.ListFormat(i18n.language).format(parts) });
  };
}
