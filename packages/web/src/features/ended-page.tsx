import { DoorOpen, RotateCw, ShieldX, WifiOff, type LucideIcon } from 'lucide-preact'
import { explain, needsSignIn } from '../lib/explain.ts'
import { meetingPath, signInPath } from '../router.ts'
import { useServices } from '../services.ts'
import { Button } from '../ui/button.tsx'
import { Link } from '../ui/link.tsx'
import { Page } from '../ui/page.tsx'
import type { Ending } from './meeting-page.tsx'

interface EndedPageProps {
  code: string
  title: string
  ending: Ending
  onRejoin: () => void
}

/** After the meeting: what happened, and where to go from here. */
export function EndedPage({ code, title, ending, onRejoin }: EndedPageProps) {
  const { router } = useServices()
  const { icon: Icon, heading, text, back } = wordsFor(ending)
  const signIn = ending.why === 'lost' && ending.problem !== null && needsSignIn(ending.problem)
  return (
    <Page>
      <section class="card ended" data-testid="ended-screen" data-why={ending.why}>
        <span class="ended__icon">
          <Icon size={32} aria-hidden="true" />
        </span>
        <p class="eyebrow">{title}</p>
        <h1>{heading}</h1>
        <p class="muted">{text}</p>
        <div class="ended__actions">
          {signIn ? (
            <Link class="button button--primary" href={signInPath(meetingPath(code))}>
              Sign in
            </Link>
          ) : (
            back && (
              <Button kind="primary" icon={RotateCw} testId="rejoin" onClick={onRejoin}>
                Rejoin
              </Button>
            )
          )}
          <Button testId="go-home" onClick={() => router.go('/')}>
            Back to start
          </Button>
        </div>
      </section>
    </Page>
  )
}

interface Words {
  icon: LucideIcon
  heading: string
  text: string
  back: boolean
}

function wordsFor(ending: Ending): Words {
  switch (ending.why) {
    case 'left':
      return {
        icon: DoorOpen,
        heading: 'You left the meeting',
        text: 'You can rejoin while the meeting is running.',
        back: true,
      }
    case 'ended':
      return {
        icon: DoorOpen,
        heading: 'The meeting has ended',
        text: endReasons[ending.reason] ?? 'Thank you for taking part.',
        back: false,
      }
    case 'removed':
      return { icon: ShieldX, heading: 'You were removed', text: 'A host removed you from this meeting.', back: false }
    case 'lost': {
      const { title, text } =
        ending.problem === null
          ? {
              title: 'The connection was lost',
              text: 'Your place could not be kept. Check your network and join again.',
            }
          : explain(ending.problem)
      return { icon: WifiOff, heading: title, text, back: true }
    }
    default:
      return ending satisfies never
  }
}

const endReasons: Readonly<Record<string, string>> = {
  host: 'The host ended it for everybody.',
  empty: 'Everybody had left.',
  expired: 'Its time was up.',
  cancelled: 'It was cancelled by its host.',
}
