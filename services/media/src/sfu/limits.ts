import type { MediaConfig } from '../config.ts'
import type { RoomLimits } from '../janus/video-room.ts'

/** The limits of a room with this configuration. */
export const limitsOf = ({ SFU_BITRATE_KBPS, SFU_MAX_PUBLISHERS }: MediaConfig): RoomLimits => ({
  bitrate: SFU_BITRATE_KBPS * 1_000,
  publishers: SFU_MAX_PUBLISHERS,
})
