import type { Meeting, User } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { explain, needsSignIn } from '../../lib/explain.ts'
import { formatWhen } from '../../lib/time.ts'
import { meetingPath, signInPath, type InviteKey } from '../../router.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { CopyLinkIcon } from '../../ui/copy.tsx'
import { Field } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { Notice } from '../../ui/notice.tsx'
import { PasswordField } from '../../ui/password-field.tsx'
import { useTitle } from '../../ui/use-title.ts'
import type { LocalMedia } from '../media/local-media.ts'
import type { JoinState } from './use-join.ts'

interface JoinFormProps {
  meeting: Meeting
  invite: InviteKey | null
  user: User
  media: LocalMedia
  join: JoinState
}

/** The input still needed to enter, and the button that does it. */
export function JoinForm({ meeting, invite, user, media, join }: JoinFormProps) {
  useTitle(meeting.title)
  const { session } = useServices()
  // A person who has just given a name is not asked again.
  const asksName = user.kind === 'guest' && !session.introduced.value
  const [name, setName] = useState(user.name)
  const [passcode, setPasscode] = useState('')
  const [asked, setAsked] = useState(meeting.hasPasscode && meeting.hostId !== user.id)
  const problem = join.problem
  if (problem?.code === 'passcode-required' && !asked) setAsked(true)
  const submit = (event: Event) => {
    event.preventDefault()
    join.start({
      code: meeting.code,
      ...(invite === null ? {} : { invite }),
      ...(passcode === '' ? {} : { passcode }),
      ...(asksName && name.trim() !== '' ? { displayName: name.trim() } : {}),
    })
  }
  const wrongPasscode =
    problem?.code === 'passcode-required'
      ? passcode === ''
        ? explain(problem).text
        : 'That passcode is not right.'
      : undefined
  return (
    <form class="form join-form" onSubmit={submit}>
      <MeetingHead meeting={meeting} />
      {problem !== null && wrongPasscode === undefined && (
        <div data-testid="join-problem" data-code={problem.code}>
          <Notice kind="problem" title={explain(problem).title}>
            {explain(problem).text}
            {(needsSignIn(problem) || problem.code === 'guests-not-allowed') && (
              <p>
                <Link href={signInPath(meetingPath(meeting.code, invite))}>Sign in</Link>
              </p>
            )}
          </Notice>
        </div>
      )}
      {asksName && (
        <Field
          label="Your name"
          value={name}
          onInput={setName}
          testId="display-name"
          input={{ required: true, maxLength: 80, autocomplete: 'name' }}
        />
      )}
      {asked && (
        <PasswordField
          label="Passcode"
          value={passcode}
          onInput={setPasscode}
          testId="prejoin-passcode"
          autocomplete="off"
          error={wrongPasscode}
        />
      )}
      <Button kind="primary" type="submit" wide busy={join.busy} testId="prejoin-join">
        {joinLabel(media)}
      </Button>
    </form>
  )
}

function joinLabel(media: LocalMedia): string {
  const faulty = media.mic.fault.value !== null && media.cam.fault.value !== null
  return faulty ? 'Join without camera and microphone' : 'Join now'
}

const MeetingHead = ({ meeting }: { meeting: Meeting }) => (
  <header class="join-form__head">
    <p class="eyebrow">{stateOf(meeting)}</p>
    <h1 dir="auto">{meeting.title}</h1>
    {meeting.description !== '' && <p class="muted">{meeting.description}</p>}
    <p class="join-form__code">
      <span class="code">{meeting.code}</span>
      <CopyLinkIcon link={meeting.joinLink} />
    </p>
  </header>
)

function stateOf(meeting: Meeting): string {
  if (meeting.status === 'live') return 'Live now'
  return meeting.scheduledAt === null ? 'Ready to join' : formatWhen(meeting.scheduledAt, new Date())
}
