import type { Parley } from '@parley/client'
import { useEffect, useState } from 'preact/hooks'
import { report } from './report.ts'

type Variant = 'original' | 'preview'

interface Link {
  url: string
  until: number
}

/** A link is asked for again a little before it ends. */
const earlyMs = 30_000
const maxKept = 500
const kept = new Map<string, Promise<Link>>()

/** A link to a file that works without a token, for pictures and for saving; one request per file while it holds. */
export async function fileLink(parley: Parley, fileId: string, variant: Variant): Promise<string> {
  const key = `${fileId}/${variant}`
  const known = kept.get(key)
  if (known !== undefined) {
    const link = await known
    if (link.until > Date.now()) return link.url
  }
  const asked = parley.rest
    .fileLink({ params: { id: fileId }, query: { variant } })
    .then(({ url, expiresAt }) => ({ url, until: Date.parse(expiresAt) - earlyMs }))
  keep(key, asked)
  return (await asked).url
}

function keep(key: string, link: Promise<Link>): void {
  kept.delete(key)
  kept.set(key, link)
  const [oldest] = kept.keys()
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
  link.catch(() => kept.delete(key))
}

/** The same for a component; null until it is there, and where there is none. */
export function useFileLink(parley: Parley, fileId: string | null, variant: Variant): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    setUrl(null)
    if (fileId === null) return
    let current = true
    fileLink(parley, fileId, variant).then(
      (found) => current && setUrl(found),
      (error: unknown) => report('A file cannot be shown', error),
    )
    return () => {
      current = false
    }
  }, [fileId, variant])
  return url
}
