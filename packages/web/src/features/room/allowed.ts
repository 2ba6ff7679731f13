import type { RoomState } from '@parley/client'
import { may, type MediaKind } from '@parley/contracts'

const words: Record<MediaKind, string> = {
  mic: 'The host has turned off microphones',
  cam: 'The host has turned off cameras',
  screen: 'The host has turned off screen sharing',
}

/** Why one may not switch it on, as the server decides it too; undefined where one may. */
export function blockedBy({ self, meeting }: RoomState, kind: MediaKind): string | undefined {
  if (may(self.role, 'moderate')) return undefined
  const { audio, video, screenShare } = meeting.settings
  return { mic: audio, cam: video, screen: screenShare }[kind] ? undefined : words[kind]
}
