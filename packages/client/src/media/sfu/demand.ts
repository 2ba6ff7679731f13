import type { MediaView } from '../../api.ts'
import type { FeedStream } from './janus-messages.ts'

/** One stream that should come: paused where nobody looks, and in which of the three qualities (0 to 2) of a camera. */
export interface Demand {
  feed: string
  mid: string
  send: boolean
  substream: number
}

/** The smallest quality of a camera that nearly fills the place where it is shown, in device pixels of height. */
export const substreamFor = (height: number): number => (height <= 220 ? 0 : height <= 440 ? 1 : 2)

/**
 * The streams to subscribe to. Sound always comes. A picture is subscribed to when it is first looked at. It is paused when nobody looks any more, so that it is there at once when somebody does again. `known` are those that we have.
 */
export function demandOf(
  feeds: ReadonlyMap<string, readonly FeedStream[]>,
  view: MediaView | null,
  known: (feed: string, mid: string) => boolean,
): Demand[] {
  const wanted: Demand[] = []
  for (const [feed, streams] of feeds) {
    for (const { mid, type, description, disabled } of streams) {
      if (disabled) continue
      const height = type === 'audio' ? Number.POSITIVE_INFINITY : shownHeight(view, feed, description)
      if (height === null && !known(feed, mid)) continue
      wanted.push({ feed, mid, send: height !== null, substream: substreamFor(height ?? 0) })
    }
  }
  return wanted
}

/** Null: it is not shown. */
function shownHeight(view: MediaView | null, feed: string, description: string): number | null {
  if (view === null) return Number.POSITIVE_INFINITY
  if (description === 'screen') return view.screens.has(feed) ? Number.POSITIVE_INFINITY : null
  return view.cameras.get(feed) ?? null
}
