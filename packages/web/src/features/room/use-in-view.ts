import { useEffect, useRef } from 'preact/hooks'
import type { RoomModel } from './room-model.ts'
import type { Pictured } from './view-report.ts'

/** For the element that shows a picture of a person: the room hears that it is looked at, and how large. */
export function useInView(model: RoomModel, participantId: string, what: Pictured) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(
    () => (ref.current === null ? undefined : model.view.watch(participantId, what, ref.current)),
    [model, participantId, what],
  )
  return ref
}
