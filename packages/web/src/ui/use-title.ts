import { useEffect } from 'preact/hooks'

/** Names the browser's tab while a screen is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Parley`
    return () => {
      document.title = 'Parley'
    }
  }, [title])
}
