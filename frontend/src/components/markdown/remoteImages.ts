import { createContext } from 'react';

/** May an image from elsewhere be fetched here (after a click)? Where not, it is a link to its address. */
export const RemoteImagesContext = createContext(true);
