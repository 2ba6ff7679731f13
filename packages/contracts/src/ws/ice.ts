import Type, { type Static } from 'typebox'

/** As in `RTCConfiguration.iceServers` (W3C WebRTC). */
export const IceServer = Type.Object({
  urls: Type.Array(Type.String()),
  username: Type.Optional(Type.String()),
  credential: Type.Optional(Type.String()),
})
export type IceServer = Static<typeof IceServer>
