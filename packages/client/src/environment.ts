/** The events of the page that the SDK listens to; in Node none of it ever happens. */
export interface PageListeners {
  /** The tab is looked at again, or the computer woke up. */
  awake?: () => void
  /** The browser thinks that it has a network again. */
  online?: () => void
  /** The page goes away. */
  hide?: () => void
}

/** Listens to the page; returns the function that stops it. */
export function listenToPage({ awake, online, hide }: PageListeners): () => void {
  if (!inBrowser()) return () => {}
  const visible = () => {
    if (document.visibilityState === 'visible') awake?.()
  }
  const back = () => online?.()
  const away = () => hide?.()
  document.addEventListener('visibilitychange', visible)
  window.addEventListener('online', back)
  window.addEventListener('pagehide', away)
  return () => {
    document.removeEventListener('visibilitychange', visible)
    window.removeEventListener('online', back)
    window.removeEventListener('pagehide', away)
  }
}

/** Whether there is a page with an origin and cookies. */
export const inBrowser = (): boolean => typeof document !== 'undefined' && typeof window !== 'undefined'
