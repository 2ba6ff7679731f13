import { isJanusError, videoRoomCodes } from './janus-error.ts'
import type { JanusLink } from './janus-link.ts'
import { participantsIn, roomsIn, type ListedRoom, type RoomParticipant } from './messages.ts'
import type { JanusSecrets } from './servers.ts'
import { roomSecretOf } from './tokens.ts'

export interface RoomLimits {
  /** Most that one publisher may send, bits per second. */
  bitrate: number
  /** Most video that all publishers together may send, bits per second. */
  meetingBitrate: number
  /** Most people who publish at one time. */
  publishers: number
}

/** The requests of the VideoRoom that manage a room, with its secret. Each rejects with JanusError or JanusAwayError. */
export interface VideoRooms {
  /** Makes it unless it is there. */
  create(room: string, limits: RoomLimits): Promise<void>
  /** Nothing if it is not there. */
  destroy(room: string): Promise<void>
  exists(room: string): Promise<boolean>
  /** All of this Janus, private ones too. */
  list(): Promise<ListedRoom[]>
  participants(room: string): Promise<RoomParticipant[]>
  /** Ends the media of a feed, and takes it out of the room; nothing if it is not there. */
  kick(room: string, feed: string): Promise<void>
  /** Stops or lets through one medium of a feed; nothing if it is not there. */
  mute(room: string, medium: { feed: string; mid: string; mute: boolean }): Promise<void>
  /** Changes a room, such as `new_rec_dir`. */
  edit(room: string, changes: Readonly<Record<string, unknown>>): Promise<void>
  /** Begins or ends the recording of everybody in the room. */
  record(room: string, on: boolean): Promise<void>
}

export function createVideoRooms(link: Pick<JanusLink, 'control'>, { adminKey }: JanusSecrets): VideoRooms {
  const manage = (request: string, room: string, more: Record<string, unknown> = {}) =>
    link.control({ request, room, secret: roomSecretOf(adminKey, room), ...more })
  return {
    create: (room, limits) =>
      unless(videoRoomCodes.roomExists, manage('create', room, { ...roomOptions(limits), admin_key: adminKey })),
    destroy: (room) => unless(videoRoomCodes.noSuchRoom, manage('destroy', room)),
    exists: async (room) => (await link.control({ request: 'exists', room }))['exists'] === true,
    list: async () => roomsIn(await link.control({ request: 'list', admin_key: adminKey })),
    participants: async (room) => participantsIn(await manage('listparticipants', room)),
    kick: (room, id) => unless(videoRoomCodes.noSuchFeed, manage('kick', room, { id })),
    mute: (room, { feed, mid, mute }) =>
      unless(videoRoomCodes.noSuchFeed, manage('moderate', room, { id: feed, mid, mute })),
    edit: async (room, changes) => void (await manage('edit', room, changes)),
    record: async (room, on) => void (await manage('enable_recording', room, { record: on })),
  }
}

const roomOptions = ({ bitrate, publishers }: RoomLimits) => ({
  permanent: false,
  is_private: true,
  signed_tokens: true,
  require_pvtid: true,
  publishers,
  bitrate,
  bitrate_cap: true,
  audiocodec: 'opus',
  videocodec: 'vp8,h264',
  opus_fec: true,
  audiolevel_ext: true,
  audiolevel_event: true,
  // Packets of 20 ms: half a second of speaking makes somebody the speaker.
  audio_active_packets: 25,
  audio_level_average: 40,
  lock_record: true,
  notify_joining: false,
})

async function unless(code: number, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isJanusError(error, code)) throw error
  }
}
