import type { Recording } from '@parley/contracts'

/** Whether it goes on, or is about to. */
export const isRunning = ({ status }: Recording): boolean =>
  status === 'requested' || status === 'starting' || status === 'recording'

/** How far a recording is, for people. */
export function recordingState(recording: Recording): string {
  switch (recording.status) {
    case 'requested':
    case 'starting':
      return 'Starting'
    case 'recording':
      return 'Recording now'
    case 'processing':
      return 'Being prepared'
    case 'ready':
      return recording.failure === undefined ? 'Ready' : 'Ready, cut short'
    case 'failed':
      return 'Failed'
    default:
      return recording.status satisfies never
  }
}
