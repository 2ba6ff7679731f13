import type { Parley, Room } from '@parley/client'
import { useEffect } from 'preact/hooks'
import { useServices } from '../services.ts'
import { report } from '../report.ts'
import { attempt } from '../ui/attempt.ts'
import { Spinner } from '../ui/spinner.tsx'
import { createLocalMedia, type LocalMedia } from './media/local-media.ts'

interface ReturningProps {
  code: string
  /** Null: there is no place to go on with. */
  onDone: (back: { room: Room; media: LocalMedia } | null) => void
}

/** After a reload in a call: takes the place again before anything else, then the devices that were on. */
export function Returning({ code, onDone }: ReturningProps) {
  const { parley } = useServices().session
  useEffect(() => {
    let here = true
    attempt(
      goBack(parley, code).then((back) => {
        if (here) return onDone(back)
        back?.media.stop()
        return back?.room.leave()
      }),
    )
    return () => void (here = false)
  }, [])
  return (
    <main class="center-screen">
      <Spinner label="Going back into the call" large />
    </main>
  )
}

async function goBack(parley: Parley, code: string): Promise<{ room: Room; media: LocalMedia } | null> {
  const media = createLocalMedia()
  try {
    const room = await parley.resume({ code, localStream: media.handOver() })
    if (room === null) return null
    attempt(turnOnAgain(room, media))
    return { room, media }
  } catch (error) {
    report('The place in the call could not be taken again', error)
    return null
  }
}

/** One question for both, where both were on. A device that cannot be had is off for the others, too. */
async function turnOnAgain(room: Room, media: LocalMedia): Promise<void> {
  const { mic, cam } = room.state.get().self
  if (mic && cam) await media.start()
  else if (mic) await media.turnOn('mic')
  else if (cam) await media.turnOn('cam')
  if (mic && !media.mic.on.peek()) await room.setMic(false)
  if (cam && !media.cam.on.peek()) await room.setCam(false)
}
