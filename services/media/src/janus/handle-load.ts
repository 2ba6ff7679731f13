import Type, { type Static } from 'typebox'
import { Check } from 'typebox/value'

/** The part of `handle_info` that tells what a handle carries. Source: `janus_admin_webrtc_summary` and the VideoRoom's `query_session`. */
const HandleInfo = Type.Object({
  /** µs by the monotonic clock of Janus. */
  current_time: Type.Number(),
  plugin_specific: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  webrtc: Type.Optional(
    Type.Object({
      media: Type.Optional(
        Type.Record(Type.String(), Type.Object({ stats: Type.Record(Type.String(), Type.Unknown()) })),
      ),
    }),
  ),
})
type HandleInfo = Static<typeof HandleInfo>
const Counted = Type.Object({ bytes: Type.Number(), bytes_lastsec: Type.Optional(Type.Number()) })
type Counted = Static<typeof Counted>

/** The media of a handle until a moment. */
export interface HandleReading {
  atUs: number
  /** Media that come in or go out. */
  streams: number
  /** Both directions, since it began. */
  bytes: number
  /** As Janus counts them: for a first reading. */
  bytesLastSecond: number
}

/** Null for a handle that carries no media. */
export function readHandle(info: unknown): HandleReading | null {
  if (!Check(HandleInfo, info)) return null
  const counted = Object.values(info.webrtc?.media ?? {}).flatMap(({ stats }) =>
    Object.values(stats).filter((one): one is Counted => Check(Counted, one)),
  )
  if (counted.length === 0) return null
  return {
    atUs: info.current_time,
    streams: streamsOf(info),
    bytes: counted.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesLastSecond: counted.reduce((sum, { bytes_lastsec: bytes = 0 }) => sum + bytes, 0),
  }
}

/** Bits per second since the reading before, or in the last second. */
export function bitrateOf(now: HandleReading, before: HandleReading | undefined): number {
  if (before === undefined || now.atUs <= before.atUs || now.bytes < before.bytes) return now.bytesLastSecond * 8
  return ((now.bytes - before.bytes) * 8_000_000) / (now.atUs - before.atUs)
}

const streamsOf = ({ webrtc, plugin_specific: plugin }: HandleInfo): number =>
  Array.isArray(plugin?.['streams']) ? plugin['streams'].length : Object.keys(webrtc?.media ?? {}).length
