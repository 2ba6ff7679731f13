/**
 * The messages of a Janus WebSocket, as far as we use it (Janus 1.x, "Janus API" and "VideoRoom plugin" of its manual). Every
 * value that comes in is checked here; what does not fit reads as missing.
 */
export interface Jsep {
  type: 'offer' | 'answer'
  sdp: string
}

/** A message from Janus: an answer (with `transaction`), or an event of the session or of one handle (`sender`). */
export interface JanusMessage {
  janus: string
  transaction: string | null
  sender: number | null
  /** `data.id` of an answer: the new session or handle. */
  id: number | null
  error: { code: number; reason: string } | null
  /** The plugin's message. */
  plugin: Record<string, unknown> | null
  jsep: Jsep | null
}

/** One stream of somebody who publishes. */
export interface FeedStream {
  mid: string
  type: 'audio' | 'video'
  /** `mic`, `cam` or `screen` by our convention; others may publish without. */
  description: string
  disabled: boolean
}

/** One stream of our subscription. */
export interface SubscribedStream {
  mid: string
  type: 'audio' | 'video'
  active: boolean
  feed: string | null
  feedMid: string | null
  description: string
}

/** Janus refused, or the way to it is gone (`code` 0). */
export class JanusError extends Error {
  readonly code: number
  constructor(code: number, reason: string) {
    super(`Janus: ${reason} (${code})`)
    this.name = 'JanusError'
    this.code = code
  }
}

/** The code of a `JanusError` when there is no connection. */
export const cutCode = 0
/** Janus does not know the session (any more). */
export const noSessionCode = 458

const maxMessage = 1_000_000

/** Reads a frame; null if it is none of Janus. */
export function readMessage(frame: unknown): JanusMessage | null {
  if (typeof frame !== 'string' || frame.length > maxMessage) return null
  const value = parse(frame)
  if (!isRecord(value) || typeof value['janus'] !== 'string') return null
  const { janus, error, data, plugindata, jsep } = value
  return {
    janus,
    transaction: textOf(value['transaction']),
    sender: numberOf(value['sender']),
    id: isRecord(data) ? numberOf(data['id']) : null,
    error: isRecord(error)
      ? { code: numberOf(error['code']) ?? -1, reason: textOf(error['reason']) ?? 'unknown' }
      : null,
    plugin: isRecord(plugindata) && isRecord(plugindata['data']) ? plugindata['data'] : null,
    jsep: readJsep(jsep),
  }
}

/** The error in what the plugin says, if it is one. */
export function pluginError(plugin: Record<string, unknown> | null): JanusError | null {
  const code = numberOf(plugin?.['error_code'])
  return code === null ? null : new JanusError(code, textOf(plugin?.['error']) ?? 'refused')
}

/** `publishers` of an event: who publishes what; a feed that is named again has these streams now. */
export function readPublishers(plugin: Record<string, unknown>): Map<string, FeedStream[]> {
  const feeds = new Map<string, FeedStream[]>()
  for (const publisher of listOf(plugin['publishers'])) {
    const id = idOf(publisher['id'])
    if (id !== null) feeds.set(id, listOf(publisher['streams']).map(readFeedStream).filter(isThere))
  }
  return feeds
}

/** `streams` of an answer or event of a subscription; null if it has none. */
export function readSubscribed(plugin: Record<string, unknown>): SubscribedStream[] | null {
  if (!Array.isArray(plugin['streams'])) return null
  return listOf(plugin['streams']).map(readSubscribedStream).filter(isThere)
}

/** `participants` of `listparticipants` that publish. */
export const readPublishing = (plugin: Record<string, unknown>): string[] =>
  listOf(plugin['participants'])
    .filter((participant) => participant['publisher'] === true)
    .map((participant) => idOf(participant['id']))
    .filter(isThere)

/** An id of a room or feed: a string, or a number where Janus was configured so. */
export const idOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)

function readFeedStream(stream: Record<string, unknown>): FeedStream | null {
  const mid = textOf(stream['mid'])
  const type = mediaTypeOf(stream['type'])
  if (mid === null || type === null) return null
  return { mid, type, description: textOf(stream['description']) ?? '', disabled: stream['disabled'] === true }
}

function readSubscribedStream(stream: Record<string, unknown>): SubscribedStream | null {
  const mid = textOf(stream['mid'])
  const type = mediaTypeOf(stream['type'])
  if (mid === null || type === null) return null
  return {
    mid,
    type,
    active: stream['active'] !== false,
    feed: idOf(stream['feed_id']),
    feedMid: textOf(stream['feed_mid']),
    description: textOf(stream['feed_description']) ?? '',
  }
}

function readJsep(jsep: unknown): Jsep | null {
  if (!isRecord(jsep)) return null
  const { type, sdp } = jsep
  return (type === 'offer' || type === 'answer') && typeof sdp === 'string' ? { type, sdp } : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A frame that is no JSON is no message of Janus; the caller hears null.
    return null
  }
}

const mediaTypeOf = (type: unknown) => (type === 'audio' || type === 'video' ? type : null)
const isThere = <T>(value: T | null): value is T => value !== null
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : [])
