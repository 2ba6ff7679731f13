import type { Meeting } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { nextHalfHour, toFieldValue } from '../../lib/time.ts'
import { useServices } from '../../services.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Select } from '../../ui/select.tsx'
import { useUnsaved } from '../../ui/use-unsaved.ts'
import { whenOf } from '../home/meeting-card.tsx'
import { durations } from '../home/when-fields.tsx'
import { Conflict } from './conflict.tsx'
import { etagOf, useSave } from './save.ts'

interface FormProps {
  meeting: Meeting
  onChange: (meeting: Meeting) => void
}

/** When the meeting takes place; who is invited, in it or waiting is told of a change. */
export function ScheduleForm({ meeting, onChange }: FormProps) {
  const { session } = useServices()
  // An untouched field follows the meeting, so that saving never takes a change of somebody else back unseen.
  const [edits, setEdits] = useState<{ when?: string; minutes?: string }>({})
  useUnsaved(Object.keys(edits).length > 0)
  const { when = whenFieldOf(meeting), minutes = String(meeting.durationMinutes ?? 30) } = edits
  const save = useSave(
    () =>
      session.parley.rest.scheduleMeeting({
        params: { id: meeting.id },
        headers: { 'if-match': etagOf(meeting) },
        body: {
          scheduledAt: new Date(when).toISOString(),
          durationMinutes: Number(minutes),
          ...(meeting.scheduledAt === null ? { timeZone: ownZone() } : {}),
        },
      }),
    meeting,
    onChange,
    () => setEdits({}),
  )
  const submit = (event: Event) => {
    event.preventDefault()
    save.start()
  }
  return (
    <section class="card settings__card" aria-labelledby="details-schedule">
      <h2 id="details-schedule">When</h2>
      <form class="form" onSubmit={submit} data-testid="schedule-form">
        <ProblemNotice problem={save.problem} />
        {save.conflict !== null && <Conflict>{scheduleOf(save.conflict)}.</Conflict>}
        <div class="form__row">
          <Field
            label="Starts"
            type="datetime-local"
            value={when}
            onInput={(typed) => setEdits({ ...edits, when: typed })}
            testId="schedule-when"
            hint={`In your time zone, ${ownZone()}`}
            error={faultOf(save.problem, 'scheduledAt')}
            input={{ required: true }}
          />
          <Select
            label="Length"
            value={minutes}
            options={lengths(minutes)}
            onChange={(chosen) => setEdits({ ...edits, minutes: chosen })}
            testId="schedule-minutes"
          />
        </div>
        <div class="form__actions">
          <Button kind="primary" type="submit" busy={save.busy} testId="schedule-save">
            {meeting.scheduledAt === null ? 'Schedule' : 'Save the time'}
          </Button>
        </div>
      </form>
    </section>
  )
}

const whenFieldOf = ({ scheduledAt }: Meeting) =>
  scheduledAt === null ? nextHalfHour(new Date()) : toFieldValue(new Date(scheduledAt))

const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

const scheduleOf = (meeting: Meeting) =>
  meeting.status === 'scheduled' || meeting.scheduledAt === null
    ? whenOf(meeting)
    : `${whenOf(meeting)}, for ${meeting.durationMinutes ?? 0} minutes`

/** The usual lengths, and the one it has if that is another. */
function lengths(minutes: string) {
  if (durations.some(({ value }) => value === minutes)) return durations
  return [{ value: minutes, label: `${minutes} minutes` }, ...durations]
}
