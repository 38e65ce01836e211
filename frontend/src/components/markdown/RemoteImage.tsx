import { Image as ImageIcon, ImageOff } from 'lucide-react';
import { useContext, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { RemoteImagesContext } from './remoteImages';
import { SafeLink } from './SafeLink';
import { hostOf, isWebAddress } from './webAddress';

/** An image from elsewhere is fetched only after a click: its address alone can carry text away. */
export function RemoteImage({ src, alt }: { src?: string | Blob; alt?: string }) {
  const { t } = useTranslation();
  const mayFetch = useContext(RemoteImagesContext);
  const [state, setState] = useState<'hidden' | 'shown' | 'failed'>('hidden');
  if (typeof src !== 'string' || !isWebAddress(src)) {
    return <span className="text-muted-foreground">{alt}</span>;
  }
  if (!mayFetch) {
    return <SafeLink href={src}>{alt || hostOf(src)}</SafeLink>;
  }
  if (state === 'shown') {
    return (
      <img
        src={src}
        alt={alt ?? ''}
        referrerPolicy="no-referrer"
        className="my-3 max-h-[480px] max-w-full rounded-lg"
        onError={() => setState('failed')}
      />
    );
  }
  return (
    <button
      type="button"
      onClick={() => setState('shown')}
      className="my-1 inline-flex max-w-full items-center gap-2 rounded-lg border bg-surface px-3 py-1.5 text-left text-muted-foreground text-sm hover:bg-accent hover:text-foreground"
    >
      {state === 'failed' ? <ImageOff size={16} aria-hidden /> : <ImageIcon size={16} aria-hidden />}
      <span className="min-w-0 truncate">
        {state === 'failed' ? t('chat.imageFailed') : t('chat.showImage', { host: hostOf(src) })}
        {alt ? ` · ${alt}` : ''}
      </span>
    </button>
  );
}
