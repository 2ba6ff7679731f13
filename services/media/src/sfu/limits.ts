import type { ShownParticipant } from '@parley/contracts'
import type { MediaConfig } from '../config.ts'
import type { RoomLimits } from '../janus/video-room.ts'

/** Janus takes no less, bits per second. */
const leastBitrate = 64_000

/** The limits of a room with this configuration. */
export const limitsOf = ({ SFU_BITRATE_KBPS, SFU_MEETING_KBPS, SFU_MAX_PUBLISHERS }: MediaConfig): RoomLimits => ({
  bitrate: SFU_BITRATE_KBPS * 1_000,
  meetingBitrate: SFU_MEETING_KBPS * 1_000,
  publishers: SFU_MAX_PUBLISHERS,
})

/**
 * The bitrate of video that each publisher may send, bits per second. People who show a camera or a screen share that of the meeting. None gets
 * more than one publisher may.
 */
export function bitrateFor(
  participants: readonly Pick<ShownParticipant, 'cam' | 'screen'>[],
  limits: RoomLimits,
): number {
  const showing = participants.filter(({ cam, screen }) => cam || screen).length
  return Math.max(leastBitrate, Math.min(limits.bitrate, Math.floor(limits.meetingBitrate / Math.max(1, showing))))
}
